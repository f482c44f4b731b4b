"""What Go brings is built once, whole or not at all, and a lack is said in one line."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from tests.cluster import building
from tests.cluster.errors import BuildFailed, ToolMissing

PROGRAM = "package main\n\nfunc main() { println(1) }\n"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a Go program `hello`, and an empty cache."""
    monkeypatch.setenv("UNIONFLOW_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "hello"
    folder.mkdir()
    (folder / "go.mod").write_text("module hello\n\ngo 1.24.0\n")
    (folder / "main.go").write_text(PROGRAM)
    return folder


def build(source: Path) -> Path:
    return building.kept("hello", source, building.build_program)


def test_a_program_is_built_once_for_the_same_sources(source: Path) -> None:
    built = build(source)
    stamp = (built / "hello").stat().st_mtime_ns
    assert build(source) == built
    assert (built / "hello").stat().st_mtime_ns == stamp


def test_changed_sources_are_built_anew(source: Path) -> None:
    before = build(source)
    (source / "main.go").write_text(PROGRAM.replace("1", "2"))
    assert build(source) != before


def test_two_at_once_build_once(source: Path) -> None:
    built: list[Path] = []

    def counted(folder: Path, out: Path) -> None:
        built.append(out)
        building.build_program(folder, out)

    def work() -> None:
        building.kept("hello", source, counted)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_a_build_that_fails_says_why_and_leaves_nothing(source: Path) -> None:
    (source / "main.go").write_text("package main\n\nfunc main() { nonsense() }\n")
    with pytest.raises(BuildFailed, match="undefined: nonsense"):
        build(source)
    assert [path for path in (source.parent / "cache").iterdir() if path.is_dir()] == []


def test_without_go_it_says_how_to_get_it(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ToolMissing, match=r"Go 1\.24 or newer: make install"):
        build(source)


def test_given_assets_are_taken_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in building.PARTS:
        (tmp_path / part).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert building.kubernetes() == tmp_path


def test_given_assets_that_lack_a_part_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    (tmp_path / "etcd").touch()
    with pytest.raises(ToolMissing, match="has no kube-apiserver, kube-controller-manager, kube"):
        building.kubernetes()
