"""What `make install` brings and what the doctor advises must not drift apart."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tests.house.files import ROOT
from unionflow_cli.doctor.checkup import State, examine
from unionflow_cli.doctor.machine import gather
from unionflow_cli.doctor.tiers import Found
from unionflow_cli.kafka.core.tools import Tools

SCRIPT = Path("requirements/install.sh")


def brought() -> set[str]:
    """The Debian packages that the script names for the tools that are not there."""
    text = (ROOT / SCRIPT).read_text()
    body = re.search(r"^missing_packages\(\) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert body, f"{SCRIPT} has no missing_packages"
    lines = re.findall(r"\|\| echo (.+)$", body[1], re.MULTILINE)
    return {package for line in lines for package in line.split()}


def advised() -> set[str]:
    """The Debian packages that the doctor names on a machine that has nothing."""
    bare = replace(
        gather(),
        python=(3, 9, 0),
        tools=Tools(None, None, None),
        jars_are_here=False,
        compiler=None,
        postgres=None,
        tiers=Found({}, None, helm=False),
    )
    missing = (one.mend for one in examine(bare) if one.state is State.MISSING)
    commands = (mend.partition(" -y ")[2] for mend in missing if "apt-get install" in mend)
    return {package for command in commands for package in command.split()}


def test_the_doctor_advises_what_make_install_brings_and_nothing_else() -> None:
    assert advised() == brought()
