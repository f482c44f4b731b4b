"""What one replica does at a time: a row that names it, for a stated time and no longer.

The times are the database's where it has a clock of its own, so that a replica whose clock was set
holds nothing for longer, and takes nothing from others. Where the database's own clock went back,
a lease ends later than any could: it counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, text

from unionflow_backend.adapters.database.tables import leases
from unionflow_backend.adapters.database.work import Database

_TAKE: Final = """
INSERT INTO leases (name, holder, held_until_ms) VALUES (:name, :holder, {now} + :longest)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until_ms = excluded.held_until_ms
WHERE substr(leases.holder, 1, length(:own)) = :own
   OR leases.held_until_ms < {now} OR leases.held_until_ms > {now} + :longest
RETURNING holder
"""
_RELEASE: Final = delete(leases).where(
    leases.c.name == bindparam("name"), leases.c.holder == bindparam("holder")
)
_POSTGRES_NOW: Final = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def now_expression(dialect: str) -> str:
    """Milliseconds since 1970, in SQL. SQLite's is this machine's: the parameter `now`."""
    return _POSTGRES_NOW if dialect == "postgresql" else ":now"


@dataclass(frozen=True, slots=True)
class Holder:
    """One life of a process, at a place where one lives at a time: its host's name and its port.

    Who begins there knows by it what the one before has left. A second process that claims the
    same place costs both of them repeats, and nothing else.
    """

    place: str
    life: str = ""

    def __str__(self) -> str:
        return self.any_life + self.life

    @property
    def any_life(self) -> str:
        """What every holder of this place begins with, and of no other."""
        return f"{self.place}#"


class Lease:
    """One lease. seconds: how long it is held after each `take` unless it is taken again."""

    def __init__(self, database: Database, name: str, me: Holder, seconds: float) -> None:
        self._database = database
        self._who = {"name": name, "holder": str(me)}
        self._own = me.any_life  # once: what the life before has left
        self._me = str(me)
        self._longest = int(seconds * 1000)
        now = now_expression(database.engine.dialect.name)
        self._take = text(_TAKE.format(now=now))
        self._on_sqlite = now == ":now"

    async def take(self) -> bool:
        """Take it, or hold it for longer; False where another has it.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        values = {**self._who, "own": self._own, "longest": self._longest}
        if self._on_sqlite:
            values["now"] = self._database.clock()
        async with self._database.writing() as work:
            taken = (await work.connection.execute(self._take, values)).first() is not None
        self._own = self._me
        return taken

    async def release(self) -> None:
        """Let another have it at once. Raises DatabaseUnavailable."""
        async with self._database.writing() as work:
            await work.connection.execute(_RELEASE, self._who)
