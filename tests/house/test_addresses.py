"""The check for addresses finds what it is for, and the repository has none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.addresses import findings, findings_in, forbidden, hosts_in


def host(*parts: str) -> str:
    """Put together here, so that this file carries no address of its own."""
    return ".".join(parts)


PYPI = host("pypi", "org")
NPM = host("registry", "npmjs", "org")
MAVEN = host("repo1", "maven", "org")
GO = host("proxy", "golang", "org")
HERE = Path("a/file.txt")


def found(text: str, *hosts: str, checkout: Path | None = None) -> list[str]:
    return [finding.text for finding in findings_in(HERE, text, forbidden(hosts, checkout))]


def test_the_repository_carries_no_registry_address_and_no_path_of_a_machine() -> None:
    assert [str(finding) for finding in findings()] == []


@pytest.mark.parametrize("registry", [PYPI, NPM, MAVEN, GO])
def test_a_registry_address_is_found(registry: str) -> None:
    assert found(f"--index-url https://{registry}/simple") == [registry]


def test_a_registry_that_only_this_machine_uses_is_found() -> None:
    assert found("resolved: https://mirror.example/x.tgz", "mirror.example") == ["mirror.example"]


@pytest.mark.parametrize("folder", ["root", "work", "home/ada", "Users/ada"])
def test_a_path_of_a_machine_is_found(folder: str) -> None:
    assert found(f'cache = "/{folder}/project"') == [f"/{folder}/"]


def test_the_folder_of_this_checkout_is_found() -> None:
    assert found("see /srv/clones/one/README.md", checkout=Path("/srv/clones/one")) == [
        "/srv/clones/one"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "~/work/notes",
        "https://example.org/work/plan",
        "$HOME/root/x",
        "tests/home/ada/",
        "the package is on PyPI",
    ],
)
def test_what_only_looks_like_a_path_or_an_address_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_finding_names_file_and_line() -> None:
    (finding,) = findings_in(HERE, f"first\nsecond {PYPI}\n", forbidden())
    assert str(finding) == f"a/file.txt:2: {PYPI}"


@pytest.mark.parametrize(
    ("setting", "hosts"),
    [
        ("https://one.example/simple\n", {"one.example"}),
        ("https://user:word@two.example:8443/x,direct", {"two.example"}),
        ("http://127.0.0.1:3141/root", set()),
        ("undefined", set()),
        ("", set()),
    ],
)
def test_a_setting_gives_its_hosts_and_never_this_machine_itself(
    setting: str, hosts: set[str]
) -> None:
    assert hosts_in(setting) == hosts
