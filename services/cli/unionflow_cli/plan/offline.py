"""Plans from nothing but a file, as if nothing of it existed and everything it names did."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from unionflow_cli.plan.planned import Planned, planned
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.claims import Claim, claim_of, rivals
from unionflow_operator.core.installation import Installation
from unionflow_operator.core.observed import KafkaObserved, Observed, OptionalApi
from unionflow_operator.core.plan import Apply
from unionflow_operator.core.references import secret_keys

_OPTIONAL = frozenset(api.partition(".")[0] for api in OptionalApi)


def plan_offline(
    streams: Sequence[Stream], installation: Installation, now: datetime
) -> tuple[Planned, ...]:
    """A plan for each, in order. Of two that claim one topic, the first holds it."""
    named = [with_uid(stream, number) for number, stream in enumerate(streams)]
    claims = [claim for stream in named if (claim := claim_of(stream, installation)) is not None]
    return tuple(
        _with_optional_kinds(planned(_observed(stream, installation, claims), now))
        for stream in named
    )


def _with_optional_kinds(plan: Planned) -> Planned:
    """Say which of its objects not every cluster can have."""
    applied = dict.fromkeys(step.key.kind for step in plan.changes if isinstance(step, Apply))
    optional = [kind for kind in applied if kind in _OPTIONAL]
    if not optional:
        return plan
    note = f"only where the cluster knows the kind: {', '.join(optional)}"
    return dataclasses.replace(plan, notes=(*plan.notes, note))


def with_uid(stream: Stream, number: int) -> Stream:
    """A uid that no object has, so that streams of one file are told apart and keep their order."""
    return stream.model_copy(update={"uid": f"file-{number:06}"})


def _observed(stream: Stream, installation: Installation, claims: Sequence[Claim]) -> Observed:
    mine = claim_of(stream, installation)
    return Observed(
        stream=stream,
        installation=installation,
        kafka=KafkaObserved({}),
        served=frozenset(OptionalApi),
        secrets=dict.fromkeys(secret_keys(stream.spec), "0" * 16),
        rivals=rivals(mine, claims) if mine is not None else (),
    )
