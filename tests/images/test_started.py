"""Each image's root, made by the Dockerfile's steps, runs what it is for and holds nothing else."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from shipping.image.deployables import DEPLOYABLES
from tests.cluster.errors import ToolMissing
from tests.images.confined import Image, children, unpack
from tests.support.tiers import tier_is_missing
from tests.support.waiting import wait_until
from unionflow_cli.kafka.adapters.ports import free_ports

pytestmark = pytest.mark.timeout(900)  # the first time, packages are fetched
LIMIT_BYTES = {"relay": 150_000_000, "operator": 150_000_000, "backend": 200_000_000}
NOWHERE = "127.0.0.1:1"
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "none", "cluster": {"server": f"http://{NOWHERE}"}}],
    "users": [{"name": "nobody", "user": {"token": "none"}}],
    "contexts": [{"name": "none", "context": {"cluster": "none", "user": "nobody"}}],
    "current-context": "none",
}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "relay": {"UNIONFLOW_AUTH": "none"},
    "backend": {"UNIONFLOW_AUTH": "none", "UNIONFLOW_DATABASE_MIGRATE": "true"},
    "operator": {"KUBECONFIG": "/etc/kubeconfig"},
}
IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__") and "migrations" not in module.name:
            importlib.import_module(module.name)
"""
WHO_AND_WHAT = """
import os, pathlib
pathlib.Path("/tmp/written").touch()
try:
    pathlib.Path("/usr/written").touch()
except OSError as error:
    print(os.getuid(), os.getgid(), error.strerror)
"""


@pytest.fixture(scope="module", params=sorted(DEPLOYABLES))
def image(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Image:
    try:
        made = unpack(request.param, tmp_path_factory.mktemp(request.param))
    except ToolMissing as missing:
        tier_is_missing(str(missing))
    (made.root / "etc/kubeconfig").write_text(json.dumps(KUBECONFIG))
    return made


@pytest.fixture
def name(image: Image) -> str:
    return image.entrypoint[-1].removeprefix("unionflow_")


@pytest.fixture
def settings(name: str) -> Mapping[str, str]:
    management, own = free_ports(2)
    ports = {"UNIONFLOW_MANAGEMENT_PORT": str(management), "UNIONFLOW_HOST": "127.0.0.1"}
    if name != "operator":
        ports |= {"UNIONFLOW_PORT": str(own), "KAFKA_BOOTSTRAP_SERVERS": NOWHERE}
    return {**SETTINGS[name], **ports}


def live(settings: Mapping[str, str]) -> bool:
    port = settings["UNIONFLOW_MANAGEMENT_PORT"]
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def files(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        if not {"proc", "dev"} & set(path.relative_to(root).parts[:1]):
            yield path


def test_its_program_lives_as_a_pod_runs_it_and_ends_when_told(
    image: Image, settings: Mapping[str, str]
) -> None:
    with image.running(**settings) as program:
        wait_until(lambda: live(settings) or program.poll() is not None, 120)
        assert program.poll() is None, image.said.read_text()
        (first,) = children(program.pid)  # process 1 within, which the kernel sends no signal
        status = Path(f"/proc/{first}/status").read_text()  # that it does not ask for
        os.kill(first, signal.SIGTERM)
        assert program.wait(60) == 0, image.said.read_text()
    assert "\nUid:\t65532\t65532\t65532\t65532\n" in status
    assert "\nCapEff:\t0000000000000000\n" in status
    assert "\nNoNewPrivs:\t1\n" in status


def test_it_can_write_below_tmp_alone(image: Image) -> None:
    assert image.run("python", "-c", WHO_AND_WHAT).stdout == "65532 65532 Read-only file system\n"


def test_every_module_of_its_deployable_can_be_imported(image: Image, name: str) -> None:
    done = image.run("python", "-W", "ignore", "-c", IMPORT_ALL, DEPLOYABLES[name].module)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_holds_no_other_deployable(image: Image, name: str) -> None:
    site = next((image.root / "usr/local/lib").glob("python3.*/site-packages"))
    found = {path.name for path in site.glob("unionflow_*") if path.suffix != ".dist-info"}
    assert found == set(DEPLOYABLES[name].own)


@pytest.mark.parametrize("command", ["migrate", "demo", "openapi"])
def test_the_business_services_image_has_their_commands(
    image: Image, name: str, command: str
) -> None:
    if name != "backend":
        assert list((image.root / "usr/local/bin").glob("unionflow*")) == []
        return
    url = "sqlite:////tmp/unionflow.db"
    done = image.run("unionflow-backend", command, UNIONFLOW_DATABASE_URL=url)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_holds_no_shell_and_no_package_manager(image: Image) -> None:
    unwanted = {"sh", "bash", "dash", "busybox", "pip", "apt", "dpkg", "perl"}
    assert [path for path in files(image.root) if path.name in unwanted and path.is_file()] == []


def test_no_file_of_it_is_the_user_s_own_or_gives_rights(image: Image) -> None:
    odd = []
    for path in files(image.root):
        seen = path.lstat()
        gives = stat.S_ISREG(seen.st_mode) and seen.st_mode & (stat.S_ISUID | stat.S_ISGID)
        open_to_all = not stat.S_ISLNK(seen.st_mode) and seen.st_mode & 0o022
        if seen.st_uid != 0 or gives or (open_to_all and path.name != "tmp"):
            odd.append(path)
    assert odd == []


def test_it_is_as_small_as_promised(image: Image, name: str) -> None:
    size = sum(path.lstat().st_size for path in files(image.root))
    assert size < LIMIT_BYTES[name]


def test_it_lists_what_is_in_it(image: Image, name: str) -> None:
    bill = json.loads((image.root / f"usr/share/sbom/{name}.cdx.json").read_text())
    pinned = {
        line.split("==")[0]
        for line in DEPLOYABLES[name].requirements.read_text().splitlines()
        if "==" in line
    }
    assert {component["name"] for component in bill["components"]} == pinned


def test_its_health_check_says_why_it_is_not_ready(
    image: Image, name: str, settings: Mapping[str, str]
) -> None:
    if name == "operator":
        assert "Healthcheck" not in image.config
        return
    words = image.config["Healthcheck"]["Test"]
    port = settings["UNIONFLOW_MANAGEMENT_PORT"]
    away = image.run(*words, UNIONFLOW_MANAGEMENT_PORT=port)
    assert (away.returncode, "Connection refused" in away.stderr) == (1, True)
    with image.running(**settings):
        wait_until(lambda: live(settings), 120)
        waiting = image.run(*words, UNIONFLOW_MANAGEMENT_PORT=port)
    assert (waiting.returncode, json.loads(waiting.stdout)["ready"]) == (1, False)
