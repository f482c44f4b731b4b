"""The TypeScript client, built as its own room builds it."""

from tests.clients_typescript.conftest import typescript_client

__all__ = ["typescript_client"]
