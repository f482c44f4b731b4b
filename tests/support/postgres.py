"""A real PostgreSQL on loopback, from what is installed here, in a folder of its own.

PostgreSQL refuses to run as root: then it runs as the user `postgres`, or else `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.support.tiers import tier_is_missing
from unionflow_cli.kafka import Process, spawn_tethered
from unionflow_cli.kafka.adapters import ports

# Whoever asks for one of them needs the tier `postgres`.
FIXTURES = frozenset({"postgres", "postgres_url", "own_postgres"})
LOOPBACK = "127.0.0.1"
ROLE = "unionflow"
START_SECONDS = 30.0
STOP_SECONDS = 20.0
_HOMES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/usr/local/lib/postgresql", "/opt/postgresql")
_SETTINGS = {
    # What a crash of the machine would lose is no loss; a killed server loses nothing by it.
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    # In files of the folder, so that a killed server leaves nothing in the machine's memory.
    "dynamic_shared_memory_type": "mmap",
    "autovacuum_naptime": "5s",
    "log_min_messages": "warning",
}


class Postgres:
    """One server. It can be stopped, killed and paused, and started again on its data."""

    def __init__(
        self, folder: Path, programs: Path, *, durable: bool = False, address: str = LOOPBACK
    ) -> None:
        """address: of this machine, by which others reach it too."""
        self.address = address
        self._folder = folder
        self._durable = durable
        self._data = folder / "data"
        self._log = folder / "server.log"
        self._programs = programs
        self._port = ports.free_ports(1)[0]
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Of the database that every server has."""
        return self._url("postgres")

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def create_database(self) -> str:
        """A new, empty database; its URL."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Remove one, with whoever is still connected to it."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as its owner; what it answers, a line per row, `|` between fields."""
        return self._run("psql", *self._address(), "-d", database, "-Atqc", statement)

    def make(self) -> None:
        """Make the folder's data."""
        options = ("--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--wal-segsize=4")
        self._run("initdb", "-D", str(self._data), "-U", ROLE, *options)
        if self.address != LOOPBACK:
            with (self._data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all all trust\n")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = {**_SETTINGS, "port": str(self._port)}
        settings["unix_socket_directories"] = str(self._folder)
        settings["listen_addresses"] = ",".join({LOOPBACK, self.address})
        if self._durable:
            settings |= {"fsync": "on", "full_page_writes": "on"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        program = [str(self._programs / "postgres"), "-D", str(self._data), *options]
        self._process = spawn_tethered([*_as_somebody(), *program], self._log, cwd=self._folder)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.is_running, f"PostgreSQL has ended:\n{self._log.read_text()}"
            assert time.monotonic() < deadline, f"it does not answer:\n{self._log.read_text()}"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it as an administrator does who waits for nobody (`pg_ctl -m fast`)."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)
            self._process.signal(signal.SIGINT)
            assert self._process.wait(STOP_SECONDS), "PostgreSQL does not stop"

    def kill(self) -> None:
        """End it with no time to put anything in order; it recovers at its next start."""
        if self._process is not None:
            # To the postmaster alone; its children see that it is gone, and end as they are.
            self._process.kill()

    def pause(self) -> None:
        """Stop the postmaster: who connects gets no answer, who is connected is still served."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    def _url(self, database: str) -> str:
        return f"postgresql+asyncpg://{ROLE}@{LOOPBACK}:{self._port}/{database}"

    def _address(self) -> Sequence[str]:
        return ("-h", LOOPBACK, "-p", str(self._port), "-U", ROLE)

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "-q", *self._address()]
        return subprocess.run(command, check=False).returncode == 0

    def _run(self, program: str, *arguments: str) -> str:
        command = [*_as_somebody(), str(self._programs / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, cwd=self._folder
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


@contextmanager
def running_postgres(*, durable: bool = False, address: str = LOOPBACK) -> Iterator[Postgres]:
    """Start one with new data; it is stopped, and its folder removed, at the end.

    durable: whether it waits for its disk, as one of production does. address: as `Postgres` has.
    """
    programs = _programs()
    # Not below pytest's own folders, through which no other user may pass.
    folder = Path(tempfile.mkdtemp(prefix="unionflow-postgres-"))
    user = _somebody()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    server = Postgres(folder, programs, durable=durable, address=address)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _programs() -> Path:
    """The folder with `initdb`, `postgres` and `psql`. Skips the test, or fails it in CI."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    for home in _HOMES:
        folders += [*sorted(Path(home).glob("*/bin"), reverse=True), Path(home) / "bin"]
    needed = ("initdb", "postgres", "psql", "pg_isready")
    good = [one for one in folders if all((one / name).exists() for name in needed)]
    if not good:
        tier_is_missing("no PostgreSQL here: apt-get install --no-install-recommends postgresql")
    return good[0]


@cache
def _somebody() -> pwd.struct_passwd | None:
    """Who runs the server where this process is root's; None where it is not."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _as_somebody() -> Sequence[str]:
    """What stands before a command so that it is not root's, and still dies with this process.

    The kernel forgets who was to die with whom when a process changes its user.
    """
    user = _somebody()
    if user is None:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        tier_is_missing("no setpriv here: apt-get install util-linux")
    ids = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return (setpriv, *ids, "--pdeathsig=KILL")
