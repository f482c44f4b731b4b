"""The same databases as the outbox's own room."""

from tests.backend.outbox.conftest import database, postgres_database, sqlite_database

__all__ = ["database", "postgres_database", "sqlite_database"]
