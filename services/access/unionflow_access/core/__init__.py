"""What a token must be and says, decided without keys, clocks or sockets."""
