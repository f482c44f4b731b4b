"""`/notifications`: messages to a user, to an organisation, to everyone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from unionflow_backend.adapters.changes.notifications import mark, send_notification
from unionflow_backend.adapters.database.lists import inbox
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.adapters.rest.call import (
    Paged,
    Posting,
    Reading,
    Reply,
    SortColumns,
    sorted_by,
)
from unionflow_backend.adapters.rest.fields import (
    Body,
    Given,
    Id,
    Moment,
    OrganizationId,
    Taken,
    Title,
    UserId,
    moment,
)
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.notifications import Notification
from unionflow_backend.core.pages import write_cursor
from unionflow_backend.core.permissions import Caller, Operation

router = APIRouter(prefix="/notifications", tags=["notifications"])
SORTS: SortColumns = {"createdAt": ("created_at", int)}


class NewNotification(Taken):
    """A message: to a user, to all of an organisation, or with neither to everyone there is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organizationId": "mutuelle-dakar",
                    "title": "General meeting on Saturday",
                    "body": "At nine, in the hall of the market.",
                }
            ]
        }
    )

    organization_id: OrganizationId | None = None
    user_id: UserId | None = Field(None, description="A member of the organisation.")
    title: Title = Field(examples=["General meeting on Saturday"])
    body: Body = Field(examples=["At nine, in the hall of the market."])


class NotificationView(Given):
    """A message, and whether the caller has read it."""

    id: str
    organization_id: str | None
    user_id: str | None
    title: str
    body: str
    created_by: str
    created_at: Moment
    read: bool


class NotificationList(Given):
    """A page of messages."""

    items: list[NotificationView]
    next_cursor: str | None


def view(it: Notification, *, read: bool) -> NotificationView:
    """A message as an answer has it."""
    return NotificationView(
        id=it.id,
        organization_id=it.organization_id,
        user_id=it.user_id,
        title=it.title,
        body=it.body,
        created_by=it.created_by,
        created_at=moment(it.created_at),
        read=read,
    )


@router.get("", response_model=NotificationList, responses=responses())
async def list_notifications(
    call: Reading,
    paging: Paged,
    organization_id: Annotated[OrganizationId | None, Query(alias="organizationId")] = None,
    unread: bool = False,
    sort: Annotated[str, sorted_by(SORTS)] = "-createdAt",
) -> Response:
    """The caller's messages, newest first: their own, their organisations', everyone's."""
    order, after = paging.read(sort, SORTS)

    async def ask(connection: AsyncConnection, caller: Caller) -> Reply:
        found = await inbox(
            connection,
            caller,
            order,
            after,
            paging.limit,
            organization_id=organization_id,
            unread=unread,
        )
        page = found.page
        cursor = write_cursor(order, page.after)
        items = [view(one, read=one.id in found.read) for one in page.items]
        return Reply(NotificationList(items=items, next_cursor=cursor))

    return await call.read(Operation.NOTIFICATIONS_READ, ask, organization_id)


@router.post("", status_code=201, response_model=NotificationView, responses=responses(409))
async def create_notification(body: NewNotification, call: Posting) -> Response:
    """Send a message. To everyone, and to a user of no organisation: administrators alone."""

    async def act(work: Work, caller: Caller) -> Reply:
        sent = await send_notification(
            work,
            caller,
            organization_id=body.organization_id,
            user_id=body.user_id,
            title=body.title,
            body=body.body,
        )
        return Reply(view(sent, read=False), 201)

    return await call.change(Operation.NOTIFICATIONS_SEND, act, body.organization_id)


@router.put("/{id}/read", response_model=NotificationView, responses=responses())
async def mark_read(id: Id, call: Reading) -> Response:
    """The caller has read it."""

    async def act(work: Work, caller: Caller) -> Reply:
        return Reply(view(await mark(work, caller, id, read=True), read=True))

    return await call.change(Operation.NOTIFICATIONS_READ, act)


@router.delete("/{id}/read", response_model=NotificationView, responses=responses())
async def mark_unread(id: Id, call: Reading) -> Response:
    """The caller wants to read it again."""

    async def act(work: Work, caller: Caller) -> Reply:
        return Reply(view(await mark(work, caller, id, read=False), read=False))

    return await call.change(Operation.NOTIFICATIONS_READ, act)
