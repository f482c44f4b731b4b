from unionflow_events import ADDRESSEE_OF, CATALOGUE, TOPIC_OF, Addressee, EventType


def test_the_catalogue_is_that_of_the_wire_reference() -> None:
    assert {topic.name: [t.value for t in topic.event_types] for topic in CATALOGUE} == {
        "unionflow.finance.approvals": [
            "APPROVAL_PENDING",
            "APPROVAL_APPROVED",
            "APPROVAL_REJECTED",
        ],
        "unionflow.dashboard.stats": [
            "DASHBOARD_STATS_UPDATED",
            "KPI_UPDATED",
            "ACTIVITY_CREATED",
            "EVENT_UPDATED",
        ],
        "unionflow.notifications.user": ["USER_NOTIFICATION", "BROADCAST_NOTIFICATION"],
        "unionflow.members.events": ["MEMBER_CREATED", "MEMBER_UPDATED"],
        "unionflow.contributions.events": ["CONTRIBUTION_PAID"],
    }


def test_every_event_type_lies_on_one_topic_and_has_one_addressee() -> None:
    listed = [event_type for topic in CATALOGUE for event_type in topic.event_types]

    assert sorted(listed) == sorted(EventType)
    assert TOPIC_OF.keys() == ADDRESSEE_OF.keys() == set(EventType)


def test_only_notifications_are_addressed_to_others_than_an_organization() -> None:
    others = {t: a for t, a in ADDRESSEE_OF.items() if a is not Addressee.ORGANIZATION}

    assert others == {
        EventType.USER_NOTIFICATION: Addressee.USER,
        EventType.BROADCAST_NOTIFICATION: Addressee.ORGANIZATION_OR_EVERYONE,
    }
