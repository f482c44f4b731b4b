"""The client as machines without I/O: times, dice and texts in, decisions out."""
