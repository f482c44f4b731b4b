"""A client of UnionFlow's live events that never misses one silently."""

from unionflow_client.client import Client
from unionflow_client.core.effects import Access, Complaint, Lost, Notice, Range, Slow
from unionflow_client.core.status import Reason, State
from unionflow_client.errors import (
    AlreadyConsumed,
    BadOption,
    ClientError,
    Refused,
    StoreUnavailable,
)
from unionflow_client.events import (
    ContributionEvent,
    DashboardStatsEvent,
    Event,
    FinanceApprovalEvent,
    GenericEvent,
    MemberEvent,
    NotificationEvent,
)
from unionflow_client.status import Status
from unionflow_client.stores import CursorStore, FileStore, MemoryStore

__all__ = [
    "Access",
    "AlreadyConsumed",
    "BadOption",
    "Client",
    "ClientError",
    "Complaint",
    "ContributionEvent",
    "CursorStore",
    "DashboardStatsEvent",
    "Event",
    "FileStore",
    "FinanceApprovalEvent",
    "GenericEvent",
    "Lost",
    "MemberEvent",
    "MemoryStore",
    "Notice",
    "NotificationEvent",
    "Range",
    "Reason",
    "Refused",
    "Slow",
    "State",
    "Status",
    "StoreUnavailable",
]
