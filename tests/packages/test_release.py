"""What is released: the same bytes each time, sums that fit, charts and pages that are whole."""

from __future__ import annotations

import subprocess
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import helm_python
import pytest
from hatchling.builders.wheel import WheelBuilder

from shipping.charts import CHARTS, package_chart
from shipping.errors import StepFailed
from shipping.packages import build_wheels
from shipping.release import SUMS, release
from shipping.trying import EXTRAS, new_environment, try_npm_package, try_wheels
from shipping.versions import the_version
from shipping.wheel_pages import PAGES, PLACE, WheelPages
from tests.house.files import ROOT

pytestmark = pytest.mark.timeout(600)  # packages are fetched once


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    return build_wheels(tmp_path_factory.mktemp("wheels"))


def test_each_wheel_works_in_an_empty_project_with_every_extra(wheels: Sequence[Path]) -> None:
    try_wheels(*wheels)


def test_every_extra_that_a_person_installs_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(EXTRAS) == {"", *project["optional-dependencies"]} - {"tracing"}


def test_a_package_that_lacks_something_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="No module named"):
        new_environment(tmp_path / "empty").run("python", "-c", "import unionflow_client")


def test_the_client_s_wheel_holds_the_client_alone_with_its_types(wheels: Sequence[Path]) -> None:
    with zipfile.ZipFile(wheels[1]) as client:
        names = client.namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"unionflow_client"}
    assert "unionflow_client/py.typed" in names


def test_both_wheels_hold_the_same_client(wheels: Sequence[Path]) -> None:
    held = []
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            held.append(
                {
                    name: archive.read(name)
                    for name in archive.namelist()
                    if name.startswith("unionflow_client/")
                }
            )
    assert held[0] == held[1]


@pytest.mark.parametrize(
    ("version", "built"), [("standard", True), ("editable", True), ("standard", False)]
)
def test_the_wheel_carries_the_dashboard_where_it_is_built(
    version: str, built: bool, tmp_path: Path
) -> None:
    if built:
        (tmp_path / PAGES).mkdir(parents=True)
        (tmp_path / PAGES / "index.html").touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "toy"\nversion = "1"\n')
    builder = WheelBuilder(str(tmp_path))
    hook = WheelPages(str(tmp_path), {}, builder.config, builder.metadata, str(tmp_path), "wheel")
    data: dict[str, dict[str, str]] = {"force_include": {}}
    hook.initialize(version, data)
    expected = {str(tmp_path / PAGES): PLACE} if built and version == "standard" else {}
    assert data["force_include"] == expected


def test_pages_that_are_built_are_in_the_wheel(wheels: Sequence[Path]) -> None:
    with zipfile.ZipFile(wheels[0]) as archive:
        carried = f"{PLACE}/index.html" in archive.namelist()
    assert carried == (ROOT / PAGES / "index.html").is_file()


@pytest.mark.usefixtures("typescript_client")
def test_a_release_is_made_twice_with_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        contents.append({path.name: path.read_bytes() for path in release(tmp_path / name)})
    assert contents[0] == contents[1]
    version = the_version()
    assert set(contents[0]) == {
        SUMS,
        f"unionflow-{version}.tgz",
        f"unionflow-client-{version}.tgz",
        f"unionflow-operator-{version}.tgz",
        f"unionflow_client-{version}-py3-none-any.whl",
        f"unionflow_streams-{version}-py3-none-any.whl",
    }
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", SUMS],
        cwd=tmp_path / "one",
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    try_npm_package(tmp_path / f"one/unionflow-client-{version}.tgz")


@pytest.mark.helm
@pytest.mark.parametrize("chart", CHARTS, ids=lambda path: path.name)
def test_helm_takes_a_chart_s_archive_as_it_takes_its_folder(chart: Path, tmp_path: Path) -> None:
    version = the_version()
    archive = package_chart(chart, version, 0, tmp_path)
    with helm_python.Chart.load(archive) as packed, helm_python.Chart.load(chart) as folder:
        assert packed.metadata["version"] == version
        assert packed.metadata == folder.metadata
        assert packed.values == folder.values


def test_a_chart_s_archive_leaves_out_what_helmignore_says(tmp_path: Path) -> None:
    package_chart(CHARTS[0], "1.2.3", 0, tmp_path)
    listed = subprocess.run(
        ["tar", "-tzf", tmp_path / "unionflow-1.2.3.tgz"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "unionflow/Chart.yaml" in listed
    assert [name for name in listed if name.endswith("ABOUT.md")] == []
