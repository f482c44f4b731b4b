"""The object that people write: its models, from which schema, parsing and reference come."""
