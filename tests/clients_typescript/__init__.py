"""The TypeScript client: its own tests, its package, and a real relay at its other end."""
