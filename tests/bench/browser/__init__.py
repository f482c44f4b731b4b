"""The dashboard in a real Chromium: how fast, how smooth, how long."""
