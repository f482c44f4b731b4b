"""What acts for a local Kafka: processes, files, ports, Maven, Kafka's admin protocol."""
