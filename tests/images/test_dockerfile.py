"""The Dockerfile holds together: what it copies is there, and each image is what charts expect."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath

import pytest

from shipping.image.deployables import DEPLOYABLES, SITE_PACKAGES
from tests.cluster.errors import ToolMissing
from tests.house.files import ROOT, repository_files
from tests.images.dockerfile import STEP, chain, config, dockerfile, parse, steps
from tests.images.layers import layers
from tests.support.tiers import tier_is_missing
from unionflow_backend.settings import Settings as BackendSettings
from unionflow_relay.settings import Settings as RelaySettings

STAGES = dockerfile()
TARGETS = sorted(DEPLOYABLES)
COPIED = [
    word
    for stage in STAGES.values()
    for copy in stage.all("COPY")
    if "from" not in copy.options
    for word in copy.words[:-1]
]
PORTS = {
    "relay": RelaySettings.model_fields["port"].default,
    "backend": BackendSettings.model_fields["port"].default,
}


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out of the build: its last line that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if not line or line.startswith("#"):
            continue
        starts = [PurePath(path), *PurePath(path).parents][:-1]
        if any(fits(str(start), pattern) for start in starts):
            ignored = not line.startswith("!")
    return ignored


def fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatch(part, pattern[3:]) for part in path.split("/"))
    return len(path.split("/")) == len(pattern.split("/")) and fnmatch.fnmatch(path, pattern)


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("path", COPIED)
def test_what_is_copied_is_there_and_not_ignored(path: str) -> None:
    assert (ROOT / path).exists()
    assert not is_ignored(path)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("services/relay/unionflow_relay/app.py", False),
        ("services/clients/typescript/dist/index.js", True),
        ("services/dashboard/node_modules/vite/package.json", True),
        ("tests/contract/cases", False),
        ("tests/conftest.py", True),
        (".venv/bin/python", True),
        (".git/HEAD", True),
        ("services/clients/typescript/.npmrc", True),
    ],
)
def test_dockerignore_keeps_what_was_built_and_what_is_secret_out(path: str, ignored: bool) -> None:
    assert is_ignored(path) == ignored


def test_a_stage_copies_from_stages_that_stand_before_it() -> None:
    names = list(STAGES)
    for place, stage in enumerate(STAGES.values()):
        for copy in stage.all("COPY"):
            if "from" in copy.options:
                assert names.index(copy.options["from"]) < place, (stage.name, copy)


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_starts_from_nothing_and_runs_as_65532(target: str) -> None:
    settings = config(STAGES, target)
    assert STAGES["base"].base == "scratch"
    assert settings["User"] == "65532:65532"
    assert settings["Entrypoint"] == ["python", "-m", f"unionflow_{target}"]


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_says_its_ports(target: str) -> None:
    own = {f"{PORTS[target]}/tcp"} if target in PORTS else set()
    exposed = config(STAGES, target)["ExposedPorts"]
    assert set(exposed) == {"9085/tcp", *own}  # type: ignore[call-overload]  # of JSON


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_says_what_it_is(target: str) -> None:
    labels = config(STAGES, target)["Labels"]
    assert isinstance(labels, dict)
    assert labels["org.opencontainers.image.title"] == f"unionflow/{target}"
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_s_layers_are_python_its_packages_and_our_code(target: str) -> None:
    assert [step[:-1] for step in steps(STAGES, target)] == [
        ["python"],
        ["packages", target],
        ["own", target],
    ]


def test_every_step_of_the_dockerfile_is_in_some_image() -> None:
    ran = [one.text for stage in STAGES.values() for one in stage.all("RUN") if STEP in one.text]
    assert len(ran) == len({tuple(step) for target in TARGETS for step in steps(STAGES, target)})


def test_our_own_layer_is_made_twice_with_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        try:
            own = layers("relay", tmp_path / name)[-1]
        except ToolMissing as missing:
            tier_is_missing(str(missing))
        contents.append(
            {
                str(path.relative_to(own)): (path.stat().st_mtime, path.read_bytes())
                for path in own.rglob("*")
                if path.is_file()
            }
        )
    assert contents[0] == contents[1]
    assert any(name.startswith(str(SITE_PACKAGES)) for name in contents[0])


@pytest.mark.parametrize("name", [*TARGETS, "images"])
def test_every_package_is_pinned_by_hash_and_as_in_development(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text()
    pinned, developed = pins(text), pins((ROOT / "requirements/dev.txt").read_text())
    assert pinned
    assert {one: developed.get(one) for one in pinned} == pinned
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text.strip()))


@pytest.mark.parametrize("name", TARGETS)
def test_every_package_that_an_extra_asks_for_is_pinned(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"][name]]
    wanted = {re.split(r"[^\w.-]", line)[0].lower() for line in asked}
    assert wanted - set(pins((ROOT / f"requirements/{name}.txt").read_text())) == set()


def pins(text: str) -> Mapping[str, str]:
    """The version of each package in a file of requirements."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_comments_and_long_lines_are_read_as_docker_reads_them() -> None:
    stages = parse("FROM a AS b\n# no\nENV A=1 \\\n    B='2 3'\nCOPY --from=x --chown=1 y /z\n")
    env, copy = stages["b"].instructions
    assert (env.words, copy.options, copy.words) == (
        ["A=1", "B=2 3"],
        {"from": "x", "chown": "1"},
        ["y", "/z"],
    )


def test_the_house_s_sources_of_an_image_are_all_copied() -> None:
    """What the wheel is built from lies in folders that the build has."""
    kept = {str(path) for path in repository_files(".py") if not is_ignored(str(path))}
    wanted = {str(path) for path in repository_files(".py", under="operator")}
    wanted |= {str(path) for path in repository_files(".py", under="services")}
    assert wanted - kept == set()


@pytest.mark.parametrize("target", TARGETS)
def test_the_build_has_all_that_our_own_layer_is_made_of(target: str, tmp_path: Path) -> None:
    """The step runs in a folder that holds what its stage copies, and nothing else."""
    for stage in chain(STAGES, f"{target}-own"):
        for copy in stage.all("COPY"):
            if "from" not in copy.options:
                copy_into(tmp_path, copy.words[:-1])
    place = tmp_path / "layer"
    done = subprocess.run(
        [sys.executable, "-m", "shipping.image", "own", target, place],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    (package,) = place.glob(f"usr/local/lib/python3.*/site-packages/unionflow_{target}")
    assert (package / "__main__.py").is_file()


def copy_into(folder: Path, paths: Iterable[str]) -> None:
    """What Docker gives the build of these paths of the repository."""
    for path in paths:
        for file in repository_files(under=path):
            if not is_ignored(str(file)):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / file, folder / file)
