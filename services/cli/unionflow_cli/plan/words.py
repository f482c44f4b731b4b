"""A plan as a person reads it: grouped, and within 80 columns wherever it is read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.text import Text

from unionflow_cli.plan.planned import Planned, State
from unionflow_operator.core.plan import (
    SHOWN_CHANGES,
    Apply,
    CreateTopic,
    DeleteTopic,
    GrowTopic,
    Prune,
    SetFinalizer,
    SetTopicConfig,
    Step,
)

WIDTH = 80
_TOPICS = (CreateTopic, GrowTopic, SetTopicConfig, DeleteTopic)
_STYLES = {"create": "good", "add": "good", "delete": "wrong", "remove": "wrong"}


def in_words(plans: Sequence[Planned]) -> Iterator[Text]:
    """Every line of the answer."""
    for plan in plans:
        yield from _stream(plan)
        yield Text()
    yield Text(_total(plans), style="title")


def _stream(plan: Planned) -> Iterator[Text]:
    state = "" if plan.state is State.EXISTS else f", {plan.state}"
    yield Text.assemble(("stream ", "title"), (f"{plan.namespace}/{plan.name}", "name"), state)
    if plan.suspended:
        yield from _wrapped("suspended: nothing is done. What would be, were it not:", 2, "caution")
    topics = [step for step in plan.changes if isinstance(step, _TOPICS)]
    objects = [step for step in plan.changes if isinstance(step, Apply | Prune)]
    others = [step for step in plan.changes if isinstance(step, SetFinalizer)]
    for title, steps in (("topics", topics), ("objects", objects), ("the stream", others)):
        if steps:
            yield Text(f"  {title}")
        for step in steps:
            yield from _step(step)
    if not plan.changes:
        yield Text("  nothing to change", style="good")
    for note in plan.notes:
        yield from _wrapped(f"note: {note}", 2, "caution")


def _step(step: Step) -> Iterator[Text]:
    if not isinstance(step, Apply) or not step.changes:
        for line in step.describe():
            yield from _wrapped(line, 4, _STYLES.get(line.partition(" ")[0], "caution"))
        return
    yield from _wrapped(f"change {step.key}", 4, "caution")
    for change in step.changes[:SHOWN_CHANGES]:
        yield from _wrapped(str(change), 6)
    if (more := len(step.changes) - SHOWN_CHANGES) > 0:
        yield from _wrapped(f"{more} fields more: --json has them", 6)


def _total(plans: Sequence[Planned]) -> str:
    steps = [step for plan in plans if plan.would_change for step in plan.changes]
    if not steps:
        return "nothing would change"
    makes = sum(isinstance(step, CreateTopic) or _is_new(step) for step in steps)
    ends = sum(isinstance(step, DeleteTopic | Prune) for step in steps)
    counted = {"to create": makes, "to change": len(steps) - makes - ends, "to delete": ends}
    return ", ".join(f"{count} {what}" for what, count in counted.items() if count)


def _is_new(step: Step) -> bool:
    return isinstance(step, Apply) and step.why == "missing"


def _wrapped(text: str, indent: int, style: str = "") -> Iterator[Text]:
    """The text on as many lines as it takes; what follows the first stands a little deeper."""
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 4),
        break_on_hyphens=False,
    )
    for line in lines:
        yield Text(line, style=style)
