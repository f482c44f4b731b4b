"""What the outbox depends on fails while changes go on: nothing may be lost or change places."""
