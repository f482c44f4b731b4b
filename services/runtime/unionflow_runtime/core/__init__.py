"""Decisions about a process: ready or not, alive or not, when to try again."""
