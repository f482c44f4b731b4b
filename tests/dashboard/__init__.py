"""The dashboard: its own tests, its build, and the way in which it is built again or not."""
