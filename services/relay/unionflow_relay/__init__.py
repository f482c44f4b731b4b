"""The relay: it reads events from Kafka and writes them to the WebSockets that may see them."""
