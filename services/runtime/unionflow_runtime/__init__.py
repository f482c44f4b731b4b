"""What every deployable's process has: settings, logs, health, a management port, a watchdog.

Relay, backend and operator never import one another; this is the part in which they are the same.
Its modules are imported one by one, so that a core takes no server with it.
"""
