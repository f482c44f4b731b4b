"""The operator's settings: read once, from the environment and a file, into one frozen value."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field

from unionflow_operator.core.policy import Policy, parse_policy
from unionflow_operator.errors import InvalidPolicy
from unionflow_operator.monitoring import RUNBOOKS
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.settings import (
    CommaList,
    ProcessSettings,
    given_values,
    parse_settings,
    variables_of,
)


class Settings(ProcessSettings):
    """Everything that can be set. Each field's alias is its variable."""

    namespaces: CommaList = Field(
        (),
        alias="UNIONFLOW_NAMESPACES",
        description="Namespaces to look after; none listed is all, which needs a ClusterRole.",
    )
    relay_image: str = Field(
        "unionflow/relay:latest",
        alias="UNIONFLOW_RELAY_IMAGE",
        description="The relay's image where a stream names none.",
    )
    resync_seconds: float = Field(
        300,
        alias="UNIONFLOW_RESYNC_SECONDS",
        ge=1,
        le=86_400,
        description="How often every stream is looked at although nothing has been heard of it.",
    )
    leader_election: bool = Field(
        True,
        alias="UNIONFLOW_LEADER_ELECTION",
        description="`false` where there is never more than one operator: it writes at once.",
    )
    pod_namespace: str = Field(
        "unionflow-system",
        alias="POD_NAMESPACE",
        description="Where the operator runs and its Lease lies.",
    )
    pod_name: str = Field(
        "",
        alias="POD_NAME",
        description="This replica's name in the Lease; default the host's.",
    )
    kubeconfig: str | None = Field(
        None,
        alias="KUBECONFIG",
        description="A kubeconfig file; not set, the pod's account is used.",
    )
    policy_file: str | None = Field(
        None,
        alias="UNIONFLOW_POLICY_FILE",
        description="A YAML file that says what the streams of each namespace may ask for; not "
        "set, everything but the deletion of adopted topics.",
    )
    parallel: int = Field(
        32,
        alias="UNIONFLOW_PARALLEL_RECONCILES",
        ge=1,
        le=1_000,
        description="How many streams are looked at at once; most of them only wait for Kafka.",
    )
    runbooks_url: str = Field(
        RUNBOOKS,
        alias="UNIONFLOW_RUNBOOKS_URL",
        pattern=r"^https?://\S*[^/\s]$",
        description="Where the pages of alerts are: a link is this, a slash, the alert's name and "
        "`.html`.",
    )
    kafka_idle_seconds: float = Field(
        900,
        alias="UNIONFLOW_KAFKA_IDLE_SECONDS",
        ge=1,
        le=86_400,
        description="After which a Kafka client that no stream has used is closed.",
    )
    secret_seconds: float = Field(
        60,
        alias="UNIONFLOW_SECRET_SECONDS",
        ge=0,
        le=3_600,
        description="How old a Secret's content may be when it is used.",
    )

    @property
    def identity(self) -> str:
        """This replica's name."""
        return self.pod_name or socket.gethostname()


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, and the policy that they name."""

    settings: Settings
    policy: Policy


def read_configuration(environ: Mapping[str, str]) -> Configuration:
    """Read the environment, and the files that it names.

    Raises:
        SettingsError: something is missing or wrong; a line for each, naming the variable.
    """
    settings = parse_settings(Settings, given_values(environ, variables_of(Settings)))
    return Configuration(settings, _read_policy(settings.policy_file))


def _read_policy(path: str | None) -> Policy:
    if path is None:
        return Policy()
    try:
        return parse_policy(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"UNIONFLOW_POLICY_FILE={path}: cannot be read: {reason}") from None
    except InvalidPolicy as error:
        raise SettingsError(f"UNIONFLOW_POLICY_FILE={path}: {error}") from None
