"""Kafka's administration: one long-lived client per cluster of brokers, shared by its streams."""
