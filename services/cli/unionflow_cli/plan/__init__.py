"""`unionflow plan`: what the operator would do, before it does."""
