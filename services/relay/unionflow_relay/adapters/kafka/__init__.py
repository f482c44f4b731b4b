"""Kafka as the relay reads it: every partition, by topic ID, without a consumer group."""
