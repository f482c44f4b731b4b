"""`python -m tests.bench`: this relay beside two bare programs, in one table of one run."""
