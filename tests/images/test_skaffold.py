"""skaffold.yaml is as its schema says, and speaks of images, files and charts that exist."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from shipping.image.deployables import DEPLOYABLES
from tests.cluster.building import module_files
from tests.cluster.errors import ToolMissing
from tests.helm.charts import render
from tests.house.files import ROOT
from tests.images.dockerfile import dockerfile
from tests.support.tiers import tier_is_missing

MODULE = ("github.com/GoogleContainerTools/skaffold/v2", "v2.16.1")
SKAFFOLD: Mapping[str, Any] = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
ARTIFACTS: list[dict[str, Any]] = SKAFFOLD["build"]["artifacts"]
RELEASES: list[dict[str, Any]] = SKAFFOLD["deploy"]["helm"]["releases"]
PROFILES: Mapping[str, dict[str, Any]] = {one["name"]: one for one in SKAFFOLD["profiles"]}


def patched(kind: str) -> list[Any]:
    """What the profile `dev` puts there for each artifact: `docker` or `sync`."""
    found = {one["path"]: one["value"] for one in PROFILES["dev"]["patches"]}
    return [found[f"/build/artifacts/{number}/{kind}"] for number in range(len(ARTIFACTS))]


@pytest.mark.timeout(600)  # the schema is fetched once
def test_it_is_as_skaffold_s_schema_says() -> None:
    version = SKAFFOLD["apiVersion"].removeprefix("skaffold/")
    name = f"{version}.json"
    try:
        folder = module_files(*MODULE, "docs-v2/content/en/schemas", (name,))
    except ToolMissing as missing:
        tier_is_missing(str(missing))
    done = subprocess.run(
        [
            Path(sys.executable).parent / "check-jsonschema",
            *("--schemafile", folder / name, ROOT / "skaffold.yaml"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_its_images_are_the_dockerfile_s_targets() -> None:
    built = {one["image"]: one["docker"]["target"] for one in ARTIFACTS}
    assert built == {f"unionflow/{name}": name for name in DEPLOYABLES}


def test_dev_builds_each_image_so_that_files_can_be_changed() -> None:
    names = [one["docker"]["target"] for one in ARTIFACTS]
    assert [one["buildArgs"]["DEPLOYABLE"] for one in patched("docker")] == names
    assert {one["target"] for one in patched("docker")} == {"dev"}
    assert {"dev", *(f"{name}-{layer}" for name in names for layer in ("packages", "own"))} <= set(
        dockerfile()
    )


def test_dev_syncs_every_package_of_each_image() -> None:
    for artifact, sync in zip(ARTIFACTS, patched("sync"), strict=True):
        synced = set()
        for rule in sync["manual"]:
            assert rule["src"].startswith(rule["strip"])
            assert list(ROOT.glob(rule["src"])) != []
            synced.add(rule["src"].removeprefix(rule["strip"]).split("/")[0])
        assert synced == set(DEPLOYABLES[artifact["docker"]["target"]].own)


def test_kind_and_minikube_push_nothing() -> None:
    for name in ("kind", "minikube"):
        assert PROFILES[name]["build"]["local"]["push"] is False


def test_what_it_deploys_is_there() -> None:
    paths = [*SKAFFOLD["manifests"]["rawYaml"]]
    for release in RELEASES:
        paths += [f"{release['chartPath']}/Chart.yaml", *release.get("valuesFiles", ())]
    assert [path for path in paths if not (ROOT / path).is_file()] == []


@pytest.mark.helm
@pytest.mark.parametrize("release", RELEASES, ids=lambda release: str(release["name"]))
def test_its_charts_take_its_values_and_its_images(release: Mapping[str, Any]) -> None:
    values: dict[str, Any] = {}
    for file in release.get("valuesFiles", ()):
        values = yaml.safe_load((ROOT / file).read_text())
    images = {}
    for path, template in release["setValueTemplates"].items():
        *parents, last = path.split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = f"uf.test/{path}" if last == "repository" else "built"
        images[path] = template
        assert template.strip("{}").split("_", 2)[2] in {
            f"unionflow_{name}" for name in DEPLOYABLES
        }
    objects = render(ROOT / release["chartPath"], values, release["name"]).objects
    for path in images:
        if path.endswith("repository"):
            assert f"uf.test/{path}:built" in json.dumps(objects)


@pytest.mark.helm
def test_the_ports_that_it_forwards_are_services_of_what_it_installs() -> None:
    (stack,) = [one for one in RELEASES if one["name"] == "unionflow"]
    values = yaml.safe_load((ROOT / stack["valuesFiles"][0]).read_text())
    rendered = render(ROOT / stack["chartPath"], values, stack["name"])
    services = {one["metadata"]["name"] for one in rendered.of("Service")}
    streams = {one["metadata"]["name"] for one in rendered.of("UnionflowStream")}
    made = services | {f"{name}-relay" for name in streams}
    assert {one["resourceName"] for one in SKAFFOLD["portForward"]} - made == set()
