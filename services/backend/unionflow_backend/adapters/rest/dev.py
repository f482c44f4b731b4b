"""`/dev/events`: any event of the catalogue, on demand, without anything having happened."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field

from unionflow_backend.adapters.changes.publishing import publish
from unionflow_backend.adapters.database.work import Work
from unionflow_backend.adapters.rest.call import Posting, Reply
from unionflow_backend.adapters.rest.fields import Given, OrganizationId, Taken, UserId
from unionflow_backend.adapters.rest.problems import responses
from unionflow_backend.core.announcements import Announcement
from unionflow_backend.core.permissions import Caller, Operation
from unionflow_events import EventType

router = APIRouter(prefix="/dev", tags=["development"])


class TestEvent(Taken):
    """An event to publish."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "eventType": "KPI_UPDATED",
                    "organizationId": "mutuelle-dakar",
                    "data": {
                        "id": "collection-rate",
                        "name": "collection rate",
                        "value": 87.5,
                        "unit": "%",
                    },
                }
            ]
        }
    )

    event_type: EventType = Field(examples=["KPI_UPDATED"])
    organization_id: OrganizationId | None = Field(
        None, description="Whose; needed but for USER_NOTIFICATION and a broadcast to everyone."
    )
    user_id: UserId | None = Field(None, description="With it, that user's alone.", examples=[None])
    data: Annotated[dict[str, Any], Field(max_length=200)] = Field(
        description="The payload, a JSON object."
    )


class Accepted(Given):
    """It is in the outbox, and on its way."""

    event_type: EventType
    organization_id: str | None
    user_id: str | None


@router.post("/events", status_code=202, response_model=Accepted, responses=responses())
async def publish_test_event(body: TestEvent, call: Posting) -> Response:
    """Publish an event of any type. Administrators alone."""
    said = Announcement(body.event_type, body.data, body.organization_id, body.user_id)

    async def act(work: Work, caller: Caller) -> Reply:
        await publish(work, caller, said)
        accepted = Accepted(
            event_type=body.event_type, organization_id=body.organization_id, user_id=body.user_id
        )
        return Reply(accepted, 202)

    return await call.change(Operation.DEV_PUBLISH, act, body.organization_id)
