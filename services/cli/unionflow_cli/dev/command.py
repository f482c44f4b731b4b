"""`unionflow dev`: start everything, then show it or prove it; whatever happens, stop it again."""

from __future__ import annotations

from typing import Annotated

import typer

from unionflow_cli.adapters.environment import kafka_of_the_environment
from unionflow_cli.adapters.signals import first_to_end, run_until_stopped
from unionflow_cli.core.endpoint import endpoint
from unionflow_cli.core.promises import Verdict
from unionflow_cli.dev.check import Installation, check, report
from unionflow_cli.dev.live import show
from unionflow_cli.dev.stack import Ports, Stack
from unionflow_cli.dev.steps import Steps
from unionflow_cli.errors import BadInput
from unionflow_events import KafkaConnection, TopicNames

CHECK_HEARTBEAT_SECONDS = 1


def dev(  # noqa: PLR0913, PLR0917  # each is an option of the command line
    check_only: Annotated[
        bool, typer.Option("--check", help="No view: prove every promise; exit 0 or 1.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="The relay's; 0 takes a free one.", metavar="PORT", min=0, max=65535)
    ] = 8085,
    management_port: Annotated[
        int, typer.Option(help="Its metrics' and health checks'.", metavar="PORT", min=0, max=65535)
    ] = 9085,
    kafka_port: Annotated[
        int, typer.Option(help="The broker's.", metavar="PORT", min=0, max=65535)
    ] = 9092,
    backend_port: Annotated[
        int, typer.Option(help="The business services'.", metavar="PORT", min=0, max=65535)
    ] = 8080,
    backend_management_port: Annotated[
        int, typer.Option(help="Their metrics'.", metavar="PORT", min=0, max=65535)
    ] = 9086,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="With --check: a relay that runs already.")
    ] = None,
    bootstrap_servers: Annotated[
        str | None,
        typer.Option(metavar="SERVERS", help="With --check --url: that relay's Kafka."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(metavar="URL", help="With --check --url: that installation's API base."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --check: print JSON.")] = False,
) -> None:
    """Run a real Kafka, a relay, the business services and bots on this machine.

    Events stay in a folder of the cache from one start to the next. Ctrl-C stops every process
    that was started, and no other. Ports are of the loopback address only.
    """
    _refuse_contradictions(check_only, url, bootstrap_servers or api, as_json)
    ports = Ports(port, management_port, kafka_port, backend_port, backend_management_port)
    if not check_only:
        run_until_stopped(_show(ports))
        return
    verdicts = run_until_stopped(
        _check_own(ports) if url is None else _check_other(url, bootstrap_servers, api)
    )
    if verdicts is not None:
        raise typer.Exit(report(verdicts, as_json=as_json))


async def _show(ports: Ports) -> None:
    async with Stack(ports, Steps()) as stack:
        await show(stack)


async def _check_own(ports: Ports) -> list[Verdict]:
    steps = Steps()
    async with Stack(
        ports,
        steps,
        heartbeat_seconds=CHECK_HEARTBEAT_SECONDS,
        stats_unchanged_seconds=0,  # as the first system: in every period
    ) as stack:
        kafka = KafkaConnection(stack.bootstrap_servers)
        installation = Installation(
            stack.relay.url,
            kafka,
            TopicNames.from_entries(),
            own=True,
            api_url=stack.backend.api_url,
        )
        verdicts: list[Verdict] = []

        async def run() -> None:
            verdicts.extend(await check(installation, steps))

        await first_to_end(stack.watch(), run())
        return verdicts


async def _check_other(url: str, bootstrap_servers: str | None, api: str | None) -> list[Verdict]:
    kafka, topics = kafka_of_the_environment(bootstrap_servers)
    at = None if api is None else api.rstrip("/")
    return await check(Installation(endpoint(url), kafka, topics, own=False, api_url=at), Steps())


def _refuse_contradictions(
    check_only: bool, url: str | None, beside_url: str | None, as_json: bool
) -> None:
    if not check_only and (url or beside_url or as_json):
        raise BadInput("--url, --bootstrap-servers, --api and --json go with --check")
    if beside_url and not url:
        raise BadInput(
            "--bootstrap-servers and --api go with --url",
            "dev --check starts a Kafka of its own unless --url names a relay",
        )
