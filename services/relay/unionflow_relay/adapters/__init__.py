"""Where the relay meets Kafka, sockets, logs and its operators."""
