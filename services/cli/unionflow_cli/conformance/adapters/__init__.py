"""Sockets and processes: what the client under test meets."""
