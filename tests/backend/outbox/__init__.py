"""The outbox: its decisions by themselves, its rows in both databases, and the way to Kafka."""
