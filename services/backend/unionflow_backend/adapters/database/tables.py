"""The tables of the business, as SQLite and PostgreSQL both have them.

Times are milliseconds since 1970 and amounts are in the currency's smallest unit: whole numbers
are exact, sort as they are and mean the same in both databases. Every index names the question
that it answers; a test reads the query plans.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from unionflow_backend.adapters.database.types import Levels, Roles, Word
from unionflow_backend.core.agenda import AgendaKind, AgendaStatus
from unionflow_backend.core.approvals import ApprovalStatus
from unionflow_backend.core.contributions import ContributionStatus, PaymentMethod
from unionflow_backend.core.members import MemberStatus

ID_LENGTH: Final = 36
"""Characters of a UUIDv7."""
ORGANIZATION_ID_LENGTH: Final = 63
NAME_LENGTH: Final = 256
"""Characters of a user's name in a token."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[str]:
    return Column("id", String(ID_LENGTH), primary_key=True)


def _organization(*, nullable: bool = False) -> Column[str]:
    key = ForeignKey("organizations.id")
    return Column("organization_id", String(ORGANIZATION_ID_LENGTH), key, nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> Column[str]:
    return Column(name, String(length), nullable=nullable)


def _word(name: str, words: type[StrEnum]) -> Column[StrEnum]:
    return Column(name, Word(words), nullable=False)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _version() -> Column[int]:
    return Column("version", Integer, nullable=False)


organizations = Table(
    "organizations",
    metadata,
    Column("id", String(ORGANIZATION_ID_LENGTH), primary_key=True),
    _text("name", 200),
    _text("currency", 3),
    Column("approval_levels", Levels, nullable=False),
    _number("created_at"),
    _number("updated_at"),
    _version(),
    Index(None, "created_at", "id"),
)

# Whose events keep one order: an organisation's own id, or "*" for what is no organisation's. The
# row is locked by whoever takes a number, until the end of the transaction: commit order is number
# order. Narrow, and apart from organizations: it is rewritten with every change.
lanes = Table(
    "lanes",
    metadata,
    Column("lane", String(ORGANIZATION_ID_LENGTH), primary_key=True),
    _number("number"),  # the last one taken
)

members = Table(
    "members",
    metadata,
    _id(),
    _organization(),
    _text("user_id", NAME_LENGTH, nullable=True),  # the `sub` of the member's tokens
    _text("first_name", 100),
    _text("last_name", 100),
    _text("email", 254),
    _text("phone", 32, nullable=True),
    Column("roles", Roles(100), nullable=False),
    _word("status", MemberStatus),
    _number("status_at"),
    _number("created_at"),
    _number("updated_at"),
    _version(),
    UniqueConstraint("organization_id", "email"),
    UniqueConstraint("organization_id", "user_id"),
    Index(None, "user_id"),
    Index(None, "organization_id", "created_at", "id"),
    Index(None, "organization_id", "last_name", "id"),
    Index(None, "organization_id", "status", "created_at", "id"),
)

approvals = Table(
    "approvals",
    metadata,
    _id(),
    _organization(),
    _text("transaction_type", 64),
    _number("amount"),
    _text("currency", 3),
    _text("reason", 1_000),
    _text("requested_by", NAME_LENGTH),
    _word("status", ApprovalStatus),
    Column("approvals", Integer, nullable=False),
    Column("approvals_needed", Integer, nullable=False),
    _text("decided_by", NAME_LENGTH, nullable=True),
    _number("decided_at", nullable=True),
    _text("decision_reason", 1_000, nullable=True),
    _number("created_at"),
    _number("updated_at"),
    _version(),
    Index(None, "organization_id", "created_at", "id"),
    Index(None, "organization_id", "amount", "id"),
    Index(None, "organization_id", "status", "created_at", "id"),
)

approval_votes = Table(
    "approval_votes",
    metadata,
    Column("approval_id", String(ID_LENGTH), ForeignKey("approvals.id"), primary_key=True),
    Column("user_id", String(NAME_LENGTH), primary_key=True),
    _number("voted_at"),
)

contributions = Table(
    "contributions",
    metadata,
    _id(),
    _organization(),
    Column("member_id", String(ID_LENGTH), ForeignKey("members.id"), nullable=False),
    _text("label", 200),
    _number("amount"),
    _number("paid"),
    _text("currency", 3),
    _text("due_on", 10),  # a date: 2026-11-30
    _word("status", ContributionStatus),
    Column("reminders", Integer, nullable=False),
    _number("reminded_at", nullable=True),
    _number("created_at"),
    _number("updated_at"),
    _version(),
    Index(None, "organization_id", "created_at", "id"),
    Index(None, "organization_id", "due_on", "id"),
    Index(None, "organization_id", "status", "due_on", "id"),
    Index(None, "member_id", "due_on", "id"),
)

payments = Table(
    "payments",
    metadata,
    _id(),
    _organization(),
    Column("contribution_id", String(ID_LENGTH), ForeignKey("contributions.id"), nullable=False),
    _number("amount"),
    _text("currency", 3),
    _word("method", PaymentMethod),
    _text("reference", 100, nullable=True),
    _text("recorded_by", NAME_LENGTH),
    _number("created_at"),
    Index(None, "contribution_id", "created_at", "id"),
    Index(None, "organization_id", "created_at", "id"),
)

notifications = Table(
    "notifications",
    metadata,
    _id(),
    _organization(nullable=True),
    _text("user_id", NAME_LENGTH, nullable=True),
    _text("addressee", NAME_LENGTH + 16),  # "user:…", "organization:…" or "everyone"
    _text("title", 200),
    _text("body", 2_000),
    _text("created_by", NAME_LENGTH),
    _number("created_at"),
    Index(None, "addressee", "created_at", "id"),
    Index(None, "organization_id"),
)

notification_reads = Table(
    "notification_reads",
    metadata,
    Column("notification_id", String(ID_LENGTH), ForeignKey("notifications.id"), primary_key=True),
    Column("user_id", String(NAME_LENGTH), primary_key=True),
    _number("read_at"),
)

agenda_events = Table(
    "agenda_events",
    metadata,
    _id(),
    _organization(),
    _text("title", 200),
    _text("description", 2_000),
    _word("kind", AgendaKind),
    _text("location", 200),
    _number("starts_at"),
    _number("ends_at"),
    _word("status", AgendaStatus),
    _number("created_at"),
    _number("updated_at"),
    _version(),
    Index(None, "organization_id", "starts_at", "id"),
    Index(None, "organization_id", "created_at", "id"),
)

activities = Table(
    "activities",
    metadata,
    _id(),
    _organization(),
    _text("kind", 64),
    _text("actor", NAME_LENGTH),
    _text("subject_id", ORGANIZATION_ID_LENGTH),
    _text("text", 500),
    _number("created_at"),
    Index(None, "organization_id", "created_at", "id"),
)

# A POST's answer under the key that its caller gave it, written in the POST's own transaction.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("caller", String(64), primary_key=True),  # SHA-256 of who called
    Column("key", String(255), primary_key=True),
    _text("fingerprint", 64),  # SHA-256 of method, path and body
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),  # JSON
    Column("body", Text, nullable=False),
    _number("expires_at"),
    Index(None, "expires_at"),
)

# What is still to be said. `lane` is whose order it keeps, `number` its place there.
outbox = Table(
    "outbox",
    metadata,
    _id(),  # the event's own
    _text("lane", ORGANIZATION_ID_LENGTH),
    _number("number"),
    _text("event_type", 64),
    _text("organization_id", NAME_LENGTH, nullable=True),
    _text("user_id", NAME_LENGTH, nullable=True),
    Column("data", Text, nullable=False),  # JSON
    _number("timestamp_ms"),  # when it happened
    _text("status", 16),  # PENDING, SENT, SET_ASIDE
    _number("settled_ms", nullable=True),  # when it was sent or set aside
    _text("reason", 500, nullable=True),  # why it was set aside
    Column("attempts", Integer, nullable=False),
    _text("traceparent", 55, nullable=True),  # of the request that caused it, where it is traced
    UniqueConstraint("lane", "number"),
    Index(
        "ix_outbox_pending",
        "lane",
        "number",
        sqlite_where=text("status = 'PENDING'"),
        postgresql_where=text("status = 'PENDING'"),
    ),
    Index(None, "status", "settled_ms"),
)

# Which publisher moves which lane. Not the lane's own row: who writes never waits for Kafka.
# Half of a page is left free, so that taking and letting go move no row to another one.
outbox_lanes = Table(  # noqa: V107  # read by SQL in adapters/outbox
    "outbox_lanes",
    metadata,
    Column("lane", String(ORGANIZATION_ID_LENGTH), primary_key=True),
    _text("holder", 64, nullable=True),
    _number("held_until_ms", nullable=True),
    postgresql_with={"fillfactor": 50},
)

# What one replica does at a time.
leases = Table(  # noqa: V107  # read by SQL in adapters/leases
    "leases",
    metadata,
    Column("name", String(128), primary_key=True),
    _text("holder", 64),
    _number("held_until_ms"),
)

# What each organisation's screens were last told, and how far its lane was then.
statistics = Table(
    "statistics",
    metadata,
    Column(
        "organization_id",
        String(ORGANIZATION_ID_LENGTH),
        ForeignKey("organizations.id"),
        primary_key=True,
    ),
    Column("figures", Text, nullable=True),  # JSON, as it was published
    _number("published_ms", nullable=True),
    _number("asked_ms", nullable=True),
    _number("seen_number"),
)
