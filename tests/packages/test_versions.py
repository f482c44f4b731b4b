"""The version is said in one place; where it is repeated, it is the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from shipping.errors import VersionsDiffer
from shipping.versions import PLACES, mentions, the_version, write
from tests.house.files import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that say the version, to be changed."""
    for path in PLACES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)
    return tmp_path


def test_every_file_says_the_same_version() -> None:
    assert {one.version for one in mentions()} == {the_version()}


def test_every_package_and_chart_of_the_repository_is_among_the_places() -> None:
    found = {
        path.relative_to(ROOT)
        for pattern in ("pyproject.toml", "services/**/pyproject.toml", "charts/*/Chart.yaml")
        for path in ROOT.glob(pattern)
        if "node_modules" not in path.parts
    }
    found |= {path.relative_to(ROOT) for path in ROOT.glob("services/*/package.json")}
    found |= {path.relative_to(ROOT) for path in ROOT.glob("services/clients/*/package.json")}
    assert found - set(PLACES) == set()


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_a_file_that_says_another_version_is_named_with_its_line(
    path: Path, checkout: Path
) -> None:
    before = the_version(checkout)
    text = (checkout / path).read_text()
    (checkout / path).write_text(text.replace(before, "9.9.9", 1))
    with pytest.raises(VersionsDiffer, match=r"9\.9\.9") as refused:
        the_version(checkout)
    assert str(path) in str(refused.value)


def test_a_version_is_written_into_every_file(checkout: Path) -> None:
    write("1.2.3rc1", checkout)
    assert {one.version for one in mentions(checkout)} == {"1.2.3rc1"}


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-beta", "1.2.3\n", ""])
def test_what_is_no_version_is_not_written(version: str, checkout: Path) -> None:
    with pytest.raises(VersionsDiffer, match="is no version"):
        write(version, checkout)


def test_a_tag_of_another_version_is_refused(checkout: Path) -> None:
    write("1.2.3", checkout)
    assert the_version(checkout, "v1.2.3") == "1.2.3"
    with pytest.raises(VersionsDiffer, match=r"the tag says v1\.2\.4"):
        the_version(checkout, "v1.2.4")


def test_a_file_that_no_longer_says_it_is_an_error(checkout: Path) -> None:
    (checkout / "charts/unionflow/Chart.yaml").write_text("name: unionflow\n")
    with pytest.raises(VersionsDiffer, match=r"charts/unionflow/Chart\.yaml: nothing there"):
        the_version(checkout)
