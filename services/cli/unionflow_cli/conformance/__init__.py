"""`unionflow conformance`: the table of cases as a server, against anyone's client."""
