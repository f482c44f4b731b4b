"""What was asked on the command line, as one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """Either `name` or `file` is given. kubeconfig: None for a plan from the file alone."""

    name: str | None
    file: str | None
    namespace: str | None
    kubeconfig: str | None
    context: str | None
    policy: str | None
    relay_image: str | None
    operator_namespace: str
