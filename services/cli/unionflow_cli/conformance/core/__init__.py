"""What is decided: the cases, what a client of a level owes, and whether it kept it."""
