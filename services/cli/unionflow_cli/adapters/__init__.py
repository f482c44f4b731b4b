"""Where the command meets processes, ports and WebSockets."""
