"""How a database came to be what `tables` says, a step each."""
