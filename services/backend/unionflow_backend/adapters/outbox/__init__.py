"""The outbox on its way to Kafka: taken lane by lane, published in order, and then let go."""
