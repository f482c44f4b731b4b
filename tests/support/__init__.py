"""What rooms of tests share: Kafka with TLS and SASL, and what to do when a tool is missing."""
