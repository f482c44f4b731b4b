"""How Hypothesis works in this room."""

from hypothesis import settings

# No deadline per example: this machine may be busy, and no test here is about absolute times.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
