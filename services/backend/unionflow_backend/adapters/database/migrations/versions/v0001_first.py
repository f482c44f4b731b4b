"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _idempotency_keys()
    _lanes()
    _leases()
    _organizations()
    _outbox()
    _outbox_lanes()
    _activities()
    _agenda_events()
    _approvals()
    _members()
    _notifications()
    _statistics()
    _approval_votes()
    _contributions()
    _notification_reads()
    _payments()


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])


def _lanes() -> None:
    op.create_table(
        "lanes",
        sa.Column("lane", sa.String(length=63), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lane", name="pk_lanes"),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("approval_levels", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_index("ix_organizations_created_at_id", "organizations", ["created_at", "id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lane", sa.String(length=63), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.String(length=256), nullable=True),
        sa.Column("user_id", sa.String(length=256), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("timestamp_ms", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("settled_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("lane", "number", name="uq_outbox_lane_number"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["lane", "number"],
        sqlite_where=sa.text("status = 'PENDING'"),
        postgresql_where=sa.text("status = 'PENDING'"),
    )
    op.create_index("ix_outbox_status_settled_ms", "outbox", ["status", "settled_ms"])


def _outbox_lanes() -> None:
    op.create_table(
        "outbox_lanes",
        sa.Column("lane", sa.String(length=63), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=True),
        sa.Column("held_until_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lane", name="pk_outbox_lanes"),
        postgresql_with={"fillfactor": 50},
    )


def _activities() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("subject_id", sa.String(length=63), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_activities_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_activities"),
    )
    op.create_index(
        "ix_activities_organization_id_created_at_id",
        "activities",
        ["organization_id", "created_at", "id"],
    )


def _agenda_events() -> None:
    op.create_table(
        "agenda_events",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_agenda_events_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_agenda_events"),
    )
    op.create_index(
        "ix_agenda_events_organization_id_created_at_id",
        "agenda_events",
        ["organization_id", "created_at", "id"],
    )
    op.create_index(
        "ix_agenda_events_organization_id_starts_at_id",
        "agenda_events",
        ["organization_id", "starts_at", "id"],
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("transaction_type", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("requested_by", sa.String(length=256), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(length=256), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_reason", sa.String(length=1000), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_approvals_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index(
        "ix_approvals_organization_id_amount_id", "approvals", ["organization_id", "amount", "id"]
    )
    op.create_index(
        "ix_approvals_organization_id_created_at_id",
        "approvals",
        ["organization_id", "created_at", "id"],
    )
    op.create_index(
        "ix_approvals_organization_id_status_created_at_id",
        "approvals",
        ["organization_id", "status", "created_at", "id"],
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("user_id", sa.String(length=256), nullable=True),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=True),
        sa.Column("roles", sa.String(length=100), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("status_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_members_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_members"),
        sa.UniqueConstraint("organization_id", "email", name="uq_members_organization_id_email"),
        sa.UniqueConstraint(
            "organization_id", "user_id", name="uq_members_organization_id_user_id"
        ),
    )
    op.create_index(
        "ix_members_organization_id_created_at_id",
        "members",
        ["organization_id", "created_at", "id"],
    )
    op.create_index(
        "ix_members_organization_id_last_name_id", "members", ["organization_id", "last_name", "id"]
    )
    op.create_index(
        "ix_members_organization_id_status_created_at_id",
        "members",
        ["organization_id", "status", "created_at", "id"],
    )
    op.create_index("ix_members_user_id", "members", ["user_id"])


def _notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=True),
        sa.Column("user_id", sa.String(length=256), nullable=True),
        sa.Column("addressee", sa.String(length=272), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.String(length=2000), nullable=False),
        sa.Column("created_by", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_notifications_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
    )
    op.create_index(
        "ix_notifications_addressee_created_at_id",
        "notifications",
        ["addressee", "created_at", "id"],
    )
    op.create_index("ix_notifications_organization_id", "notifications", ["organization_id"])


def _statistics() -> None:
    op.create_table(
        "statistics",
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("figures", sa.Text(), nullable=True),
        sa.Column("published_ms", sa.BigInteger(), nullable=True),
        sa.Column("asked_ms", sa.BigInteger(), nullable=True),
        sa.Column("seen_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_statistics_organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", name="pk_statistics"),
    )


def _approval_votes() -> None:
    op.create_table(
        "approval_votes",
        sa.Column("approval_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=256), nullable=False),
        sa.Column("voted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["approvals.id"], name="fk_approval_votes_approval_id"
        ),
        sa.PrimaryKeyConstraint("approval_id", "user_id", name="pk_approval_votes"),
    )


def _contributions() -> None:
    op.create_table(
        "contributions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("member_id", sa.String(length=36), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_contributions_member_id"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_contributions_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_contributions"),
    )
    op.create_index(
        "ix_contributions_member_id_due_on_id", "contributions", ["member_id", "due_on", "id"]
    )
    op.create_index(
        "ix_contributions_organization_id_created_at_id",
        "contributions",
        ["organization_id", "created_at", "id"],
    )
    op.create_index(
        "ix_contributions_organization_id_due_on_id",
        "contributions",
        ["organization_id", "due_on", "id"],
    )
    op.create_index(
        "ix_contributions_organization_id_status_due_on_id",
        "contributions",
        ["organization_id", "status", "due_on", "id"],
    )


def _notification_reads() -> None:
    op.create_table(
        "notification_reads",
        sa.Column("notification_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=256), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notifications.id"], name="fk_notification_reads_notification_id"
        ),
        sa.PrimaryKeyConstraint("notification_id", "user_id", name="pk_notification_reads"),
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=63), nullable=False),
        sa.Column("contribution_id", sa.String(length=36), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=True),
        sa.Column("recorded_by", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["contribution_id"], ["contributions.id"], name="fk_payments_contribution_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_payments_organization_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
    )
    op.create_index(
        "ix_payments_contribution_id_created_at_id",
        "payments",
        ["contribution_id", "created_at", "id"],
    )
    op.create_index(
        "ix_payments_organization_id_created_at_id",
        "payments",
        ["organization_id", "created_at", "id"],
    )
