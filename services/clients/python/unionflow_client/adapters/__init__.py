"""What touches sockets and files."""
