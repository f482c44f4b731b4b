"""The business services that cause events: REST, a database, an outbox to Kafka."""
