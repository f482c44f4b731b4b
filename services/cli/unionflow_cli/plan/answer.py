"""From what was asked to the plans, with every failure in words."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import yaml

from unionflow_cli.plan.documents import read_documents
from unionflow_cli.plan.errors import InvalidDocuments, NoPlan, NoStream
from unionflow_cli.plan.installed import Given, installation_of
from unionflow_cli.plan.live import looking
from unionflow_cli.plan.offline import plan_offline
from unionflow_cli.plan.planned import Planned
from unionflow_cli.plan.question import Question
from unionflow_operator.api.stream import Stream
from unionflow_operator.core.cache import Name
from unionflow_operator.core.policy import Policy, parse_policy
from unionflow_operator.core.refusal import refusals
from unionflow_operator.errors import InvalidPolicy, InvalidStream, KubeFault, NoCluster


def answer(question: Question) -> Sequence[Planned]:
    """A plan for each stream.

    Raises:
        NoPlan: something that was given is wrong, or the cluster cannot be read.
    """
    policy = _policy(question.policy) if question.policy is not None else None
    given = Given(question.operator_namespace, question.relay_image, policy)
    what = _called(question.file) if question.file is not None else f"stream {question.name}"
    try:
        if question.file is None:
            return asyncio.run(_of_name(question, given))
        streams = read_documents(_text(question.file), question.namespace)
        if question.kubeconfig is None:
            return _offline(streams, given)
        return asyncio.run(_of_file(question, streams, given))
    except (InvalidDocuments, InvalidStream) as error:
        raise NoPlan(f"{what} is refused", details=error.problems) from error
    except NoStream as error:
        raise NoPlan(str(error), "-n names the namespace, --context the cluster") from error
    except NoCluster as error:
        raise NoPlan(str(error), "name a kubeconfig by --kubeconfig") from error
    except KubeFault as fault:
        raise NoPlan(f"the cluster cannot be read: {fault}", _advice(fault)) from fault


def _offline(streams: Sequence[Stream], given: Given) -> Sequence[Planned]:
    installation = installation_of(given, {})
    refused = [
        f"{stream.namespace}/{stream.name}: {line}"
        for stream in streams
        for line in refusals(stream, installation)
    ]
    if refused:
        raise InvalidDocuments(tuple(refused))
    return plan_offline(streams, installation, datetime.now(UTC))


async def _of_file(
    question: Question, streams: Sequence[Stream], given: Given
) -> Sequence[Planned]:
    async with looking(question.kubeconfig, question.context, given) as look:
        return await look.of_file(streams)


async def _of_name(question: Question, given: Given) -> Sequence[Planned]:
    async with looking(question.kubeconfig, question.context, given) as look:
        return [await look.of_name(Name(question.namespace or "default", question.name or ""))]


def _policy(path: str) -> Policy:
    try:
        return parse_policy(yaml.safe_load(_text(path)))
    except yaml.YAMLError as error:
        raise NoPlan(f"{path} is no YAML: {' '.join(str(error).split())}") from error
    except InvalidPolicy as error:
        problems = tuple(str(error).split("\n"))
        raise NoPlan(f"{path} is no policy", details=problems) from error


def _text(path: str) -> str:
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise NoPlan(f"{path}: {error.strerror}", "name a file that exists") from error
    except UnicodeDecodeError as error:
        raise NoPlan(f"{_called(path)} is not UTF-8, from byte {error.start} on") from error


def _called(path: str) -> str:
    return "standard input" if path == "-" else path


def _advice(fault: KubeFault) -> str:
    if fault.status == 403:
        return "it takes the right to list streams and what belongs to them (role `view`)"
    return ""
