"""Decides, and touches nothing: no loop, no socket, no clock, no dice."""
