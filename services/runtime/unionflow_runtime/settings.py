"""How a process reads its settings: once, from the environment and a file, into a frozen value.

The file (`UNIONFLOW_CONFIG`) names each setting as the environment does; the environment wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from unionflow_runtime.errors import SettingsError

CONFIG_VARIABLE = "UNIONFLOW_CONFIG"
KAFKA_SETTINGS: Mapping[str, str] = {
    "KAFKA_BOOTSTRAP_SERVERS": "Brokers to ask first, `host:port` with commas between.",
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
    "KAFKA_SASL_MECHANISM": "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
    "KAFKA_SASL_USERNAME": "Who this process is.",
    "KAFKA_SASL_PASSWORD": "Its password.",
    "KAFKA_SSL_CAFILE": "PEM file of the authorities to trust.",
    "KAFKA_SSL_CERTFILE": "PEM file of this process's own certificate.",
    "KAFKA_SSL_KEYFILE": "PEM file of its key.",
}
_KAFKA_DEFAULTS = {
    "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
}


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_comma_list)]
Port = Annotated[int, Field(ge=0, le=65_535)]
BasePath = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._~-]+)*$")]


class ProcessSettings(BaseModel):
    """What can be set of every process. Each field's alias is its variable."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("0.0.0.0", alias="UNIONFLOW_HOST", description="Address to listen on.")  # noqa: S104  # a container is reached from outside it
    management_port: Port = Field(
        9085,
        alias="UNIONFLOW_MANAGEMENT_PORT",
        description="Port of `/livez`, `/readyz`, `/metrics`; 0 takes a free one.",
    )
    log_format: Literal["json", "text"] = Field(
        "json", alias="UNIONFLOW_LOG_FORMAT", description="`json` or `text`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="UNIONFLOW_LOG_LEVEL",
        description="The least that is logged; `debug` logs each record, never its data.",
    )


Model = TypeVar("Model", bound=ProcessSettings)


def variables_of(model: type[ProcessSettings]) -> frozenset[str]:
    """The variables of a model's fields."""
    return frozenset(str(field.alias) for field in model.model_fields.values())


def given_values(environ: Mapping[str, str], known: Iterable[str]) -> dict[str, str]:
    """What the environment says, and below it the file that it names. Empty is not set.

    known: the variables that the file may hold.

    Raises:
        SettingsError: the file cannot be read, or holds something else.
    """
    given = {name: value for name, value in environ.items() if value}
    return {**_read_file(given.get(CONFIG_VARIABLE), frozenset(known)), **given}


def parse_settings(model: type[Model], values: Mapping[str, str]) -> Model:
    """The model, made of those values that are its own.

    Raises:
        SettingsError: a line for each that is missing or wrong.
    """
    variables = variables_of(model)
    try:
        return model.model_validate({k: v for k, v in values.items() if k in variables})
    except ValidationError as error:
        lines = [_line(problem, values) for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from None


def described_settings(model: type[ProcessSettings], *, kafka: bool) -> Sequence[tuple[str, str]]:
    """(variable, what it is and its default) of every setting, in order; with Kafka's or not."""
    own = [
        (str(field.alias), f"{field.description} [{_shown(field.default)}]")
        for field in model.model_fields.values()
    ]
    of_kafka = [
        (name, f"{text} [{_KAFKA_DEFAULTS.get(name, 'not set')}]")
        for name, text in KAFKA_SETTINGS.items()
    ]
    file = (CONFIG_VARIABLE, "A YAML file of these same names; the environment wins over it.")
    return [file, *own, *(of_kafka if kafka else [])]


def _shown(default: object) -> str:
    if default is None:
        return "not set"
    if default in ("", ()):
        return "empty"
    return str(default)


def _read_file(path: str | None, known: frozenset[str]) -> dict[str, str]:
    if not path:
        return {}
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{CONFIG_VARIABLE}={path}: cannot be read: {reason}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{CONFIG_VARIABLE}={path}: must be a mapping of variables to values")
    for name, value in content.items():
        if name not in known:
            raise SettingsError(f"{path}: {name} is no setting; --help lists them")
        if isinstance(value, dict | list):
            raise SettingsError(f"{path}: {name} must be one value; lists have commas between")
    return {name: _as_text(value) for name, value in content.items() if value is not None}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _line(problem: Any, values: Mapping[str, str]) -> str:
    variable = str(problem["loc"][0])
    secret = variable.endswith(("SECRET", "PASSWORD", "DATABASE_URL"))
    shown = "its value" if secret else repr(values.get(variable, ""))
    message = str(problem["msg"]).removeprefix("Input ")
    return f"{variable}: {shown} {message}"
