"""The exit codes, in one place, so that scripts can rely on them and `--help` tells them all."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit status says. README and `--help` carry the same words."""

    OK = 0
    PROMISE_BROKEN = 1
    USAGE = 2
    UNAVAILABLE = 3
    IN_USE = 4
    CRASHED = 5
    REFUSED = 6
    INTERNAL = 70


MEANING = {
    ExitCode.OK: "done, or stopped as asked (Ctrl-C, SIGTERM)",
    ExitCode.PROMISE_BROKEN: "dev --check, doctor, conformance: something is wrong; plan: no plan",
    ExitCode.USAGE: "an option, argument or data is wrong; plan: something would change",
    ExitCode.UNAVAILABLE: "Kafka, the relay or a tool that is needed is not there",
    ExitCode.IN_USE: "a port or the dev broker's folder is in use",
    ExitCode.CRASHED: "a process that the command started ended by itself",
    ExitCode.REFUSED: "the server refused, and trying again will not help",
    ExitCode.INTERNAL: "a fault of this command; UNIONFLOW_DEBUG=1 shows where",
}
