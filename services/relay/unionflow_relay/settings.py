"""The relay's settings: read once, from the environment and a file, into one frozen value.

The file (`UNIONFLOW_CONFIG`) names each setting as the environment does; the environment wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from unionflow_access import DEFAULT_MAX_AGE_SECONDS, InvalidRules, TokenRules, checked_host
from unionflow_events import InvalidSetting, KafkaConnection, TopicNames
from unionflow_relay.core.addresses import trusted_networks
from unionflow_relay.errors import SettingsError

CONFIG_VARIABLE = "UNIONFLOW_CONFIG"


class AuthMode(StrEnum):
    """Who may connect."""

    JWT = "jwt"
    NONE = "none"


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaList = Annotated[tuple[str, ...], BeforeValidator(_comma_list)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class Settings(BaseModel):
    """Everything that can be set. Each field's alias is its variable."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("0.0.0.0", alias="UNIONFLOW_HOST", description="Address to listen on.")  # noqa: S104  # a container is reached from outside it
    port: Port = Field(
        8085, alias="UNIONFLOW_PORT", description="Port of `/ws/dashboard`; 0 takes a free one."
    )
    management_port: Port = Field(
        9085,
        alias="UNIONFLOW_MANAGEMENT_PORT",
        description="Port of `/livez`, `/readyz`, `/metrics`; 0 takes a free one.",
    )
    base_path: str = Field(
        "",
        alias="UNIONFLOW_BASE_PATH",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Path to serve under, such as `/unionflow`; no slash at its end.",
    )
    auth: AuthMode = Field(
        AuthMode.JWT,
        alias="UNIONFLOW_AUTH",
        description="`jwt` asks every client for a token; `none` lets everyone in: for development "
        "and trusted networks.",
    )
    jwks_url: str | None = Field(
        None,
        alias="UNIONFLOW_JWT_JWKS_URL",
        description="Where the keys are that sign tokens.",
    )
    jwt_secret: SecretStr | None = Field(
        None, alias="UNIONFLOW_JWT_SECRET", description="The secret that signs tokens (HS256)."
    )
    jwt_issuer: str | None = Field(
        None,
        alias="UNIONFLOW_JWT_ISSUER",
        description="What a token's `iss` must be; not set, any issuer whose key is known.",
    )
    jwt_audience: str | None = Field(
        None,
        alias="UNIONFLOW_JWT_AUDIENCE",
        description="What a token's `aud` must hold; not set, tokens for others are taken too.",
    )
    jwt_organizations_claim: str = Field(
        "organizations",
        alias="UNIONFLOW_JWT_ORGANIZATIONS_CLAIM",
        description="The claim with the list of organisations: its name, or a dotted path to it.",
    )
    jwt_max_age_seconds: int = Field(
        DEFAULT_MAX_AGE_SECONDS,
        alias="UNIONFLOW_JWT_MAX_AGE_SECONDS",
        ge=1,
        le=31 * 86_400,
        description="How long after its `iat` a token is taken at most, and how far back a new "
        "relay reads which memberships have ended.",
    )
    allowed_origins: CommaList = Field(
        (),
        alias="UNIONFLOW_ALLOWED_ORIGINS",
        description="Origins that browsers may connect from; none listed allows all.",
    )
    topics: CommaList = Field(
        (),
        alias="UNIONFLOW_TOPICS",
        description="Topics to relay: names, or `catalogueName=topicName`; default the five.",
    )
    topic_prefix: str = Field(
        "",
        alias="UNIONFLOW_TOPIC_PREFIX",
        description="What stands before each topic's name in Kafka.",
    )
    heartbeat_seconds: int = Field(
        25,
        alias="UNIONFLOW_HEARTBEAT_SECONDS",
        ge=1,
        le=3600,
        description="Period of heartbeats and pings; a client silent for three is closed (4409).",
    )
    send_buffer_bytes: int = Field(
        4 * 1024 * 1024,
        alias="UNIONFLOW_SEND_BUFFER_BYTES",
        ge=1024 * 1024,
        le=1024 * 1024 * 1024,
        description="Unsent bytes at which a client is slow: it goes on when it has read them, and "
        "is closed (4408) when it takes nothing for 10 s.",
    )
    history_bytes: int = Field(
        64 * 1024 * 1024,
        alias="UNIONFLOW_HISTORY_BYTES",
        ge=0,
        le=64 * 1024 * 1024 * 1024,
        description="Memory for the newest records, from which clients that come back are served.",
    )
    memory_bytes: int | None = Field(
        None,
        alias="UNIONFLOW_MEMORY_BYTES",
        ge=64 * 1024 * 1024,
        description="Memory that the relay shares out; not set, the container's limit (cgroup v2), "
        "else what the machine has.",
    )
    drain_seconds: int = Field(
        20,
        alias="UNIONFLOW_DRAIN_SECONDS",
        ge=0,
        le=3600,
        description="On SIGTERM, how long the clients are spread over; below 3 all go at once.",
    )
    max_connections: int | None = Field(
        None,
        alias="UNIONFLOW_MAX_CONNECTIONS",
        ge=1,
        description="Clients of one relay, more get 503; not set, what memory and file descriptors "
        "allow.",
    )
    max_handshakes_per_second: int = Field(
        1_000,
        alias="UNIONFLOW_MAX_HANDSHAKES_PER_SECOND",
        ge=0,
        le=1_000_000,
        description="More get 503; five seconds' worth may come at once. 0 is no limit.",
    )
    max_connections_per_address: int = Field(
        0,
        alias="UNIONFLOW_MAX_CONNECTIONS_PER_ADDRESS",
        ge=0,
        le=1_000_000,
        description="More get 4429. An IPv6 address counts by its /64. 0 is no limit: behind a "
        "proxy, and behind a mobile network, one address is many people.",
    )
    max_handshakes_per_address: int = Field(
        0,
        alias="UNIONFLOW_MAX_HANDSHAKES_PER_ADDRESS",
        ge=0,
        le=1_000_000,
        description="A second and from one address; more get 4429; five seconds' worth may come at "
        "once. 0 is no limit.",
    )
    max_connections_per_user: int = Field(
        100,
        alias="UNIONFLOW_MAX_CONNECTIONS_PER_USER",
        ge=0,
        le=1_000_000,
        description="More get 4429. 0 is no limit.",
    )
    max_messages_per_second: int = Field(
        20,
        alias="UNIONFLOW_MAX_MESSAGES_PER_SECOND",
        ge=0,
        le=1_000_000,
        description="Of one client, pings and pongs included; more get 4429; five seconds' worth "
        "may come at once. 0 is no limit.",
    )
    trusted_proxies: CommaList = Field(
        (),
        alias="UNIONFLOW_TRUSTED_PROXIES",
        description="Addresses or networks (CIDR) whose `X-Forwarded-For` is believed.",
    )
    log_format: Literal["json", "text"] = Field(
        "json", alias="UNIONFLOW_LOG_FORMAT", description="`json` or `text`."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        alias="UNIONFLOW_LOG_LEVEL",
        description="The least that is logged; `debug` logs each record, never its data.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        trusted_networks(listed)
        return listed

    def token_rules(self) -> TokenRules:
        """What a token must say.

        Raises:
            InvalidRules: the claim's name is none.
        """
        return TokenRules(
            issuer=self.jwt_issuer,
            audience=self.jwt_audience,
            organizations_claim=self.jwt_organizations_claim,
            max_age_seconds=self.jwt_max_age_seconds,
        )


KAFKA_SETTINGS: Mapping[str, str] = {
    "KAFKA_BOOTSTRAP_SERVERS": "Brokers to ask first, `host:port` with commas between.",
    "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
    "KAFKA_SASL_MECHANISM": "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
    "KAFKA_SASL_USERNAME": "Who the relay is.",
    "KAFKA_SASL_PASSWORD": "Its password.",
    "KAFKA_SSL_CAFILE": "PEM file of the authorities to trust.",
    "KAFKA_SSL_CERTFILE": "PEM file of the relay's own certificate.",
    "KAFKA_SSL_KEYFILE": "PEM file of its key.",
}


def described_settings() -> Sequence[tuple[str, str]]:
    """(variable, what it is and its default) of every setting, in order."""
    described = [
        (CONFIG_VARIABLE, "A YAML file of these same names; the environment wins over it.")
    ]
    for field in Settings.model_fields.values():
        default = _shown(field.default)
        described.append((str(field.alias), f"{field.description} [{default}]"))
    kafka_defaults = {
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092",
        "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
    }
    for name, text in KAFKA_SETTINGS.items():
        described.append((name, f"{text} [{kafka_defaults.get(name, 'not set')}]"))
    return described


def _shown(default: object) -> str:
    if default is None:
        return "not set"
    if default in ("", ()):
        return "empty"
    return str(default)


class Configuration(BaseModel):
    """The settings, and what they say of Kafka."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    settings: Settings
    kafka: KafkaConnection
    topics: TopicNames


def read_configuration(environ: Mapping[str, str]) -> Configuration:
    """Read the environment, and the file that it names.

    Raises:
        SettingsError: something is missing or wrong; a line for each, naming the variable.
    """
    given = {name: value for name, value in environ.items() if value}  # empty is not set
    values = {**_read_file(given.get(CONFIG_VARIABLE)), **given}
    aliases = {str(field.alias) for field in Settings.model_fields.values()}
    try:
        settings = Settings.model_validate({k: v for k, v in values.items() if k in aliases})
        kafka = KafkaConnection.from_environment(values)
        kafka.aiokafka_options()  # reads the certificates: better now than in the first connection
        topics = TopicNames.from_entries(settings.topics, settings.topic_prefix)
    except ValidationError as error:
        raise SettingsError(
            "\n".join(_line(problem, values) for problem in error.errors())
        ) from None
    except InvalidSetting as error:
        raise SettingsError(str(error)) from None
    _check_auth(settings)
    return Configuration(settings=settings, kafka=kafka, topics=topics)


def _check_auth(settings: Settings) -> None:
    if settings.auth is AuthMode.NONE:
        return
    if settings.jwks_url is None and settings.jwt_secret is None:
        raise SettingsError(
            "UNIONFLOW_JWT_JWKS_URL is not set: UNIONFLOW_AUTH=jwt (the default) needs it, or "
            "UNIONFLOW_JWT_SECRET; UNIONFLOW_AUTH=none lets everyone in"
        )
    try:
        settings.token_rules()
    except InvalidRules as error:
        raise SettingsError(f"UNIONFLOW_JWT_ORGANIZATIONS_CLAIM: {error}") from None
    try:
        if settings.jwks_url is not None:
            checked_host(settings.jwks_url)
    except InvalidRules as error:  # its address may hold a password: it is not repeated
        raise SettingsError(f"UNIONFLOW_JWT_JWKS_URL: {error}") from None


def _read_file(path: str | None) -> dict[str, str]:
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
    known = {str(field.alias) for field in Settings.model_fields.values()} | KAFKA_SETTINGS.keys()
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
    secret = variable.endswith(("SECRET", "PASSWORD"))
    shown = "its value" if secret else repr(values.get(variable, ""))
    message = str(problem["msg"]).removeprefix("Input ")
    return f"{variable}: {shown} {message}"
