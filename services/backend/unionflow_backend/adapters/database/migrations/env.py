"""Alembic asks this file how to reach the database: by the connection that `migrate` has open."""

from alembic import context

from unionflow_backend.adapters.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
