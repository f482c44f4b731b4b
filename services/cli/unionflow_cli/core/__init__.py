"""What the command decides. Nothing here touches a socket, a process, a clock or chance."""
