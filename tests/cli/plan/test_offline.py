"""From a file alone: what would be made, what is wrong with it, and which exit code says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.plan.asking import ask, stream_of
from tests.cli.plan.golden_answers import CASES, FOLDER, SAMPLES, SHORT, golden


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_as_the_file_says(name: str) -> None:
    expected = (FOLDER / f"{name}.txt").read_text()
    assert golden(CASES[name]()) == expected, "python -m tests.cli.plan.golden_answers"


def test_no_file_is_left_of_a_case_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", ["the-smallest-sample", "a-suspended-stream"])
def test_no_line_is_wider_than_80_columns(name: str) -> None:
    lines = CASES[name]().stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_json_has_every_change_and_says_whether_there_is_any() -> None:
    result = ask("-f", SAMPLES / "smallest.yaml", "-n", "prod", "--json")
    told = json.loads(result.stdout)
    [stream] = told["streams"]
    assert (told["wouldChange"], stream["state"], stream["namespace"]) == (True, "new", "prod")
    kinds = [change["kind"] for change in stream["changes"]]
    assert (kinds.count("Topic"), kinds.count("Deployment"), result.exit_code) == (5, 1, 2)


def test_a_policy_that_refuses_is_said_line_by_line_with_exit_code_1(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("default: {bootstrapServers: ['safe:9092'], topicPrefixes: [team.]}\n")
    text = stream_of("a", f"{SHORT}topics: [{{name: x}}]")
    result = ask("-f", "-", "--policy", policy, text=text)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "  default/a: bootstrap server k:9092 is not allowed here; safe:9092 is",
        "  default/a: topic x is not allowed here; names begin with team.",
        "error: standard input is refused",
    ]


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        ((), "", "name a stream of the cluster, or a file by -f"),
        (("a", "-f", "-"), "", "name a stream of the cluster, or a file by -f"),
        (("a", "--diff"), "", "--diff goes with -f"),
        (("-f", "-", "--context", "x"), "", "--kubeconfig and --context go with --diff"),
        (("-f", "none.yaml"), "", "none.yaml: No such file or directory"),
        (("-f", "-"), "a: [", "line 1, column 5: no YAML"),
        (("-f", "-"), "kind: Secret\n", "there is no UnionflowStream in it"),
        (("-f", "-"), stream_of("a", SHORT) * 2, "default/a is there more than once"),
        (("--nonsense",), "", "No such option: --nonsense"),
        (("a", "--kubeconfig", "none"), "", "KUBECONFIG=none gives no way to an API server"),
    ],
)
def test_whatever_is_wrong_is_said_with_exit_code_1(
    arguments: tuple[str, ...], text: str, said: str
) -> None:
    result = ask(*arguments, text=text)
    assert said in result.stderr
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_namespace_that_contradicts_the_file_is_refused_as_kubectl_does() -> None:
    text = stream_of("a", SHORT).replace("{name: a}", "{name: a, namespace: prod}")
    result = ask("-f", "-", "-n", "staging", text=text)
    assert "metadata.namespace: 'prod' is not --namespace staging" in result.stderr
    assert result.exit_code == 1
