"""The audit: many clients, real brokers and relays, faults by a seeded schedule, and a checker.

`make chaos` runs it. What it holds the relays to is docs/explanation/the-guarantee.md.
"""
