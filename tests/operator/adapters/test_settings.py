"""What can be set, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.programs import run_module
from unionflow_operator.core.policy import Deletion
from unionflow_operator.settings import read_configuration
from unionflow_runtime.errors import SettingsError


def test_with_nothing_set_all_namespaces_are_looked_after_and_a_lease_decides() -> None:
    configuration = read_configuration({})
    settings = configuration.settings
    assert (settings.namespaces, settings.leader_election) == ((), True)
    assert (settings.resync_seconds, settings.management_port) == (300, 9085)
    assert configuration.policy.rule("any").deletion is Deletion.CREATED


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UNIONFLOW_RESYNC_SECONDS", "0"),
        ("UNIONFLOW_LEADER_ELECTION", "perhaps"),
        ("UNIONFLOW_PARALLEL_RECONCILES", "none"),
        ("UNIONFLOW_POLICY_FILE", "/nowhere/policy.yaml"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_configuration({variable: value})
    assert str(caught.value).startswith(variable)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("default: {images: [", "cannot be read"),
        ("default: {image: [a]}", "default.image"),
        ("- default", "policy"),
    ],
)
def test_a_policy_file_that_is_none_says_where(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=said):
        read_configuration({"UNIONFLOW_POLICY_FILE": str(path)})


def test_a_policy_file_holds_for_its_namespaces(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("namespaces: {prod: {topicPrefixes: [prod.]}}")
    policy = read_configuration({"UNIONFLOW_POLICY_FILE": str(path)}).policy
    assert policy.rule("prod").topic_prefixes == ("prod.",)
    assert policy.rule("other").topic_prefixes == ("",)


def test_help_lists_the_settings_and_starts_nothing() -> None:
    done = run_module("unionflow_operator", ["--help"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "UNIONFLOW_NAMESPACES" in done.stdout


def test_without_a_way_to_a_cluster_the_start_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("UNIONFLOW_MANAGEMENT_PORT", "0")
    done = run_module("unionflow_operator", [])
    assert done.returncode == 2
    assert "KUBECONFIG" in done.stderr
