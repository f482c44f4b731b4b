"""One UnionflowStream becomes Kafka topics, relays and all around them."""
