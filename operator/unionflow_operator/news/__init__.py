"""What the cluster tells: a watch, and the lists that find what the watch has not told.

All that comes of either is a name in the queue.
"""
