"""The API server: what is watched, read and written there, and with what rights."""
