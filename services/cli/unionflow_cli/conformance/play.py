"""One case played to one client: its steps given, and what is seen held against the promise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from unionflow_cli.conformance.adapters.guest import Cut, Guest
from unionflow_cli.conformance.adapters.pilot import Pilot, Told
from unionflow_cli.conformance.adapters.server import LOOPBACK, Hall
from unionflow_cli.conformance.clocks import Clock, VirtualClock
from unionflow_cli.conformance.core.cases import DEFAULT_API, Case, Step, input_of
from unionflow_cli.conformance.core.expectation import Expectation, message, plain_texts
from unionflow_cli.conformance.core.levels import Level
from unionflow_cli.conformance.core.matching import agree, in_words, is_on_the_way
from unionflow_cli.conformance.core.visit import MARK

READ_SECONDS: Final = 0.25
NOTICE_SECONDS: Final = 1.0
LAST_GRACE_SECONDS: Final = 0.01
_CONNECTED: Final = frozenset({"live", "replaying"})
_TOLD: Final = ("ask", "events", "reload", "store", "status", "slow", "access")


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that the client did. moment: seconds of the loop's clock."""

    value: Any
    moment: float


class Play:
    """See the module. number: of this play, in its addresses. patience: real seconds."""

    def __init__(  # what a play needs, once
        self, case: Case, number: int, level: Level, hall: Hall, pilot: Pilot, clock: Clock
    ) -> None:
        self._case = case
        self._number = number
        self._level = level
        self._hall = hall
        self._pilot = pilot
        self._clock = clock
        self._expectation = Expectation(case, level)
        self._seen: dict[str, list[Sighting]] = {}
        self._news = asyncio.Event()
        self._guests: list[Guest] = []
        self._connected = False
        self._tells_statuses = False
        self._rejected: str | None = None
        self._stopped = asyncio.Event()
        self._said = number  # messages are cut in pieces now and then: not all cases the same way
        self._reference = (0.0, 0.0)  # the moment and the case's time of what happened last

    async def run(self, patience: float) -> str | None:
        """Play it; None: the promise was kept, else what went wrong.

        Raises:
            CliError: the adapter has ended, or printed what is no JSON.
        """
        self._pilot.on_told = self._on_told
        self._hall.plays[str(self._number)] = self._on_guest
        try:
            return await self._play(patience)
        finally:
            await self._end(patience)

    async def _play(self, patience: float) -> str | None:
        case = self._case
        if case.rejects:
            self._start()
            await self._until(lambda: self._rejected is not None, patience)
            return None if self._rejected is not None else "it took options that are none"
        self._start()
        try:
            await self._clock.begin()
            for number, step in enumerate(case.steps):
                quiet = not any("expect" in later for later in case.steps[number:])
                await self._clock.pass_to(step["at"], quiet=quiet)
                problem = await self._step(step, patience, is_last=step is case.steps[-1])
                if problem is not None:
                    return f"step {number + 1} of {len(case.steps)}, at {step['at']} ms: {problem}"
        except TimeoutError:
            return "the adapter does not say that its clock was set"
        return None

    async def _step(self, step: Step, patience: float, *, is_last: bool) -> str | None:
        given = self._now()
        self._give(step)
        await self._let_it_hear(step, given)
        await self._clock.settle()
        wanted = self._expectation.of(step)
        if self._rejected is not None:
            return f"its options were refused: {self._rejected}"
        await self._until(lambda: self._is_decided(wanted), patience)
        if is_last:
            await asyncio.sleep(LAST_GRACE_SECONDS)
        if not (self._clock.is_exact or is_last or any(wanted.values()) or input_of(step)):
            return None  # what comes a little early is looked at with the step that wants it
        return self._compare(step, wanted, given)

    async def _let_it_hear(self, step: Step, given: float) -> None:
        """Wait for a sign that the client took in what it was given."""
        name = input_of(step)
        if name in {"closed", "failed"} and self._clock.is_exact:
            seconds = NOTICE_SECONDS if self._tells_statuses else READ_SECONDS / 2
            statuses = self._seen.setdefault("status", [])
            await self._until(lambda: bool(statuses) and statuses[-1].moment > given, seconds)
        elif name is not None and self._guests:
            await self._guests[-1].has_read(READ_SECONDS)

    # The case's words, to the client

    def _start(self) -> None:
        options = dict(self._case.options)
        api = options.pop("apiBase", DEFAULT_API)
        url = options.pop("url", None)
        if not self._case.rejects:
            api, url = self._here(api), url and self._here(url)
        dice, scale = list(self._case.random), self._clock.scale
        self._pilot.say(do="start", api=api, url=url, options=options, random=dice, scale=scale)

    def _here(self, address: str) -> str:
        """The same address at this server."""
        parts = urlsplit(address)
        scheme = {"https": "http", "wss": "ws"}.get(parts.scheme, parts.scheme)
        query = f"?{parts.query}" if parts.query else ""
        place = f"{LOOPBACK}:{self._hall.port}/{MARK}{self._number}"
        return f"{scheme}://{place}{parts.path}{query}"

    def _give(self, step: Step) -> None:
        name = input_of(step)
        if name is None:
            return
        guest = self._guests[-1] if self._guests else None
        over_socket: Mapping[str, Callable[[Guest, Any], None]] = {
            "opened": lambda g, said: g.accept(
                agree=said is True and self._level is not Level.PLAIN
            ),
            "failed": _fail,
            "frame": lambda g, _said: self._say_frames(g, step),
            "text": lambda g, said: g.say(said),
            "binary": lambda g, said: g.say_bytes(bytes.fromhex(said)),
            "closed": lambda g, said: g.end(said["code"], said["reason"], self._next_cut()),
        }
        if name in over_socket:
            if guest is not None and not guest.is_over:
                over_socket[name](guest, step[name])
        elif name == "page" and step["page"] == "hidden":
            pass
        else:
            self._pilot.say(do=name, value=step[name])

    def _say_frames(self, guest: Guest, step: Step) -> None:
        plain = self._level is Level.PLAIN
        frames = plain_texts(step) if plain else [step["frame"]]
        for frame in frames:
            whole = json.dumps(frame)
            for number in range(step.get("repeat", 1)):
                self._said += 1
                guest.say(
                    whole.replace("{i}", str(number)), step.get("id"), in_pieces=self._said % 3 == 0
                )
            if isinstance(frame, Mapping) and frame.get("type") == "close" and guest.is_stream:
                guest.is_said_goodbye()

    def _next_cut(self) -> Cut:
        self._said += 1
        return tuple(Cut)[self._said % len(Cut)]

    # What the client does

    def _on_guest(self, guest: Guest) -> None:
        if guest.visit is None:
            return
        guest.on_text = self._on_text
        guest.on_left = lambda code: self._see("close", code)
        self._guests.append(guest)
        self._see("open", guest.visit.opening())

    def _on_text(self, text: str) -> None:
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        self._see("send", message(text, parsed))

    def _on_told(self, told: Told) -> None:
        if "clock" in told and isinstance(self._clock, VirtualClock):
            self._clock.on_acknowledged(told["clock"])
        if "stopped" in told:
            self._stopped.set()
            self._news.set()
        if "rejected" in told:
            self._rejected = str(told["rejected"])
            self._news.set()
        if "event" in told:
            self._see("events", told["event"])
        for channel in _TOLD:
            if channel in told:
                self._see(channel, told[channel])
        if "status" in told:
            self._tells_statuses = True
            self._on_status(told["status"])

    def _on_status(self, status: Any) -> None:
        connected = isinstance(status, list) and status[:1] and status[0] in _CONNECTED
        if bool(connected) is not self._connected:
            self._connected = bool(connected)
            self._see("connected", self._connected)

    def _see(self, channel: str, value: Any) -> None:
        self._seen.setdefault(channel, []).append(Sighting(value, self._now()))
        self._news.set()

    # Judging

    def _values(self, channel: str) -> list[Any]:
        return [sighting.value for sighting in self._seen.get(channel, [])]

    def _is_decided(self, wanted: Mapping[str, Any]) -> bool:
        """Whether all has come, or what came can be no beginning of it."""
        pairs = [(channel, said, self._values(channel)) for channel, said in wanted.items()]
        if all(agree(channel, said, seen) for channel, said, seen in pairs):
            return True
        return any(
            not agree(channel, said, seen) and not is_on_the_way(channel, said, seen)
            for channel, said, seen in pairs
        )

    def _compare(self, step: Step, wanted: Mapping[str, Any], given: float) -> str | None:
        for channel, said in sorted(wanted.items()):
            seen = self._values(channel)
            if not agree(channel, said, seen):
                return f"{channel}: wanted {in_words(said)}, saw {in_words(seen)}"
        sightings = [one for channel in wanted for one in self._seen.get(channel, [])]
        problem = self._too_early(step, sightings, given)
        if sightings or self._can_be_heard(step):
            self._reference = (max([given, *(one.moment for one in sightings)]), step["at"])
        self._seen = {}
        return problem

    def _too_early(self, step: Step, sightings: list[Sighting], given: float) -> str | None:
        if self._clock.is_exact or not sightings:
            return None
        first = min(one.moment for one in sightings)
        if input_of(step) is not None:
            return "it came before there was cause" if first < given else None
        moment, at = self._reference
        wait = step["at"] - at
        if self._clock.waited(first - moment, wait):
            return None
        return f"too early: {wait:.0f} ms were to pass"

    def _can_be_heard(self, step: Step) -> bool:
        """Whether the step's input came to the client: not on a connection that it has left."""
        over_socket = input_of(step) in {"opened", "frame", "text", "binary", "closed", "failed"}
        return not (over_socket and self._guests and self._guests[-1].has_left)

    # Waiting

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _until(self, holds: Callable[[], bool], patience: float) -> None:
        deadline = self._now() + patience
        while not holds() and (left := deadline - self._now()) > 0:
            self._pilot.check()
            self._news.clear()
            try:
                async with asyncio.timeout(min(left, 0.5)):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _end(self, patience: float) -> None:
        self._hall.plays.pop(str(self._number), None)
        for guest in self._guests:
            guest.drop()
        self._stopped.clear()
        self._pilot.say(do="stop")
        await self._until(self._stopped.is_set, patience)
        self._pilot.check()


def _fail(guest: Guest, said: Mapping[str, Any]) -> None:
    if "status" in said:
        guest.refuse(said["status"], said.get("retryAfterMs", 0))
    else:
        guest.drop()
