import subprocess
import sys
from types import ModuleType

import unionflow_events


def test_all_that_is_promised_is_there() -> None:
    assert all(getattr(unionflow_events, name) for name in unionflow_events.__all__)


def test_nothing_is_public_that_is_not_promised() -> None:
    public = {
        name
        for name, value in vars(unionflow_events).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }

    promised = set(unionflow_events.__all__)
    assert public - promised == {"annotations", "Any", "TYPE_CHECKING", "import_module"}


def test_who_only_reads_events_loads_no_kafka_client() -> None:
    program = (
        "import sys, unionflow_events\n"
        "print({'aiokafka', 'asyncio', 'logging', 'random'} & sys.modules.keys())"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert loaded.stdout == "set()\n"
