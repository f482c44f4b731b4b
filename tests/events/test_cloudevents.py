import pytest

from tests.events.samples import MOMENT, approval
from unionflow_events.cloudevents import headers_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_an_events_headers_are_those_of_the_binary_mode() -> None:
    assert headers_of(approval(), "unionflow/finance", TRACE) == [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"019ab5e1-0e9b-7c4a-8a51-7e1d5f0b9c3d"),
        ("ce_type", b"APPROVAL_PENDING"),
        ("ce_source", b"unionflow/finance"),
        ("ce_time", MOMENT.encode()),
        ("ce_subject", b"mutuelle-dakar"),
        ("traceparent", TRACE.encode()),
    ]


@pytest.mark.parametrize("traceparent", [None, ""])
def test_without_a_trace_there_is_no_header_for_it(traceparent: str | None) -> None:
    assert "traceparent" not in dict(headers_of(approval(), "unionflow", traceparent))


def test_a_broadcast_to_everyone_has_no_subject() -> None:
    event = approval(event_type="BROADCAST_NOTIFICATION", organization_id=None)

    assert "ce_subject" not in dict(headers_of(event, "unionflow", None))
