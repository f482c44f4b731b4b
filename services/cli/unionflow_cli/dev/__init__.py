"""`unionflow dev`: the whole of it on this machine, to look at or to prove."""
