"""docs/reference/conditions.md, from the operator's own list of reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from textwrap import fill

from unionflow_operator.api.status import ConditionType
from unionflow_operator.core.reasons import Happening, Reason

ABOUT = {
    ConditionType.READY: "A client can connect and is current. `True` means that a relay has just "
    "answered a WebSocket handshake through the Service (a welcome, or 4401 where tokens are "
    "wanted), and that all relays are ready, which for a relay means caught up. Where something is "
    "in the way, `Ready` has the reason and the message of that condition.",
    ConditionType.TOPICS_READY: "Every topic is there and as the spec says. `Unknown` where the "
    "brokers cannot be asked.",
    ConditionType.RELAYS_READY: "As many relays as wanted are ready. It stays `True` through a "
    "rolling upgrade: no relay goes before the next one is ready.",
    ConditionType.EXPOSED: "A controller has taken the Ingress or HTTPRoute. `Ready` does not wait "
    "for it.",
    ConditionType.PROGRESSING: "The operator or Kubernetes is changing something.",
    ConditionType.DEGRADED: "Something has to be mended. The message names all of it; the reason "
    "is that of the first.",
    ConditionType.RESOURCE_CONFLICT: "Somebody else has what this stream needs. While a topic is "
    "meant, the relays are left as they are.",
}


def conditions_page(
    notice: str, table: Callable[[Sequence[str], Iterable[Sequence[str]]], str]
) -> str:
    """The page; `table` makes a Markdown table of a head and rows."""
    sections = "\n\n".join(_section(kind, table) for kind in ConditionType)
    events = table(
        ("reason", "what has happened"), [(f"`{one}`", one.meaning) for one in Happening]
    )
    return f"""{notice}

# Conditions

What a stream's `status.conditions` say. Programs may rely on types, statuses and reasons; messages
are for people, and say what to do. `lastTransitionTime` is when the status last changed, not the
reason. `kubectl get ufs` shows `Ready` and its reason;
`kubectl wait --for=condition=Ready ufs/NAME` waits for it.

{sections}

## Events

Changes are told as Events too, several in one, each once. Where `Degraded` or `ResourceConflict`
becomes `True`, its reason is the Event's (Warning). Besides:

{events}
"""


def _section(
    kind: ConditionType, table: Callable[[Sequence[str], Iterable[Sequence[str]]], str]
) -> str:
    rows = [(f"`{reason}`", reason.meaning) for reason in Reason if reason.home is kind]
    about = fill(ABOUT[kind], 100)
    return f"## {kind}\n\n{about}\n\n{table(('reason', 'meaning, and what to do'), rows)}"
