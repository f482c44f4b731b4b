"""What the relay decides. Nothing here touches a socket, a clock or chance."""
