"""`unionflow outbox`: events that wait for Kafka, or that Kafka will never take."""
