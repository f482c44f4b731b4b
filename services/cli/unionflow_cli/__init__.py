"""The `unionflow` command: what a person types to see, try and prove UnionFlow Streams."""
