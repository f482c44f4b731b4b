"""What is decided about a local Kafka: settings, identities, topic changes. Touches nothing."""
