"""Traces, from a request to the sockets, as a real collector receives them."""
