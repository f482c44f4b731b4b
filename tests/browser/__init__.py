"""Pages as people see them: a real Chromium, with the real services behind it."""
