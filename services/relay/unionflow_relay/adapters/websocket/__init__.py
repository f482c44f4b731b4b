"""WebSockets as the relay serves them: no task, no ASGI call and no await per client."""
