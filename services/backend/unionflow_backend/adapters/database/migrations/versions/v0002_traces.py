"""Events say which request caused them, where requests are traced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that the release before does not know, and can leave alone."""
    op.add_column("outbox", sa.Column("traceparent", sa.String(length=55), nullable=True))
