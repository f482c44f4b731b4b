"""What the conditions of a stream say, a module for each thing that they look at."""
