"""The relay: its core by itself, and the whole of it against a real Kafka."""
