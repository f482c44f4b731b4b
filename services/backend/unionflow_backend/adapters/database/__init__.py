"""Where what happened is kept: SQLite for one machine, PostgreSQL for production."""
