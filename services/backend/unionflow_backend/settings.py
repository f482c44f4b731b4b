"""The backend's settings: read once, from the environment and a file, into one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy.engine import URL

from unionflow_access import InvalidRules, TokenRules
from unionflow_backend.adapters.database.engine import database_url
from unionflow_backend.errors import InvalidDatabaseUrl
from unionflow_events import InvalidSetting, KafkaConnection, TopicNames
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.serving import ServingSettings
from unionflow_runtime.settings import (
    KAFKA_SETTINGS,
    Port,
    given_values,
    parse_settings,
    variables_of,
)

DEFAULT_DATABASE = "sqlite:///unionflow.db"
_PACKAGE = Path(__file__).parent
PAGES = (_PACKAGE / "pages", _PACKAGE.parents[1] / "dashboard" / "dist")
"""Where a build lies: in a wheel, and in the folder of the sources."""


class Settings(ServingSettings):
    """Everything that can be set. Each field's alias is its variable."""

    port: Port = Field(
        8080, alias="UNIONFLOW_PORT", description="Port of `/api/v1`; 0 takes a free one."
    )
    jwt_roles_claim: str = Field(
        "roles",
        alias="UNIONFLOW_JWT_ROLES_CLAIM",
        description="The claim with the list of roles: its name, or a dotted path to it.",
    )
    database: SecretStr = Field(
        SecretStr(DEFAULT_DATABASE),
        alias="UNIONFLOW_DATABASE_URL",
        description="`sqlite:///path/to/file` (here: in the working folder) or "
        "`postgresql://user:password@host:5432/database`; never logged.",
    )
    database_migrate: bool = Field(
        False,
        alias="UNIONFLOW_DATABASE_MIGRATE",
        description="`true` brings the database up to date at start; else `unionflow-backend "
        "migrate` does, and a start on an older database is refused.",
    )
    stats_seconds: int = Field(
        10,
        alias="UNIONFLOW_STATS_SECONDS",
        ge=1,
        le=3600,
        description="Period of the statistics.",
    )
    stats_unchanged_seconds: int = Field(
        60,
        alias="UNIONFLOW_STATS_UNCHANGED_SECONDS",
        ge=0,
        le=86_400,
        description="How long figures that stay the same are not said again; 0 says them every "
        "period.",
    )
    outbox_keep_seconds: int = Field(
        86_400,
        alias="UNIONFLOW_OUTBOX_KEEP_SECONDS",
        ge=0,
        le=31 * 86_400,
        description="How long events that were sent are kept; 0 deletes them at once.",
    )
    outbox_lease_seconds: int = Field(
        10,
        alias="UNIONFLOW_OUTBOX_LEASE_SECONDS",
        ge=2,
        le=300,
        description="How long a publisher that has died holds up the organisations it was moving.",
    )
    outbox_ready_seconds: int = Field(
        900,
        alias="UNIONFLOW_OUTBOX_READY_SECONDS",
        ge=1,
        le=86_400,
        description="Age of the oldest event that waits for Kafka at which `/readyz` turns false.",
    )
    topic_prefix: str = Field(
        "",
        alias="UNIONFLOW_TOPIC_PREFIX",
        description="What stands before each topic's name in Kafka.",
    )
    pages: Path | None = Field(
        None,
        alias="UNIONFLOW_PAGES",
        description="The folder of the dashboard's files; not set, those that the package carries, "
        "or that were built beside its sources.",
    )
    public_api_url: str | None = Field(
        None,
        alias="UNIONFLOW_PUBLIC_API_URL",
        pattern=r"^https?://[^\s]+$",
        description="Where pages find this API, for `/config.json`; not set, where they are "
        "served from.",
    )
    public_websocket_url: str | None = Field(
        None,
        alias="UNIONFLOW_PUBLIC_WEBSOCKET_URL",
        pattern=r"^wss?://[^\s]+$",
        description="Where pages find the relay, for `/config.json`; not set, beside the API.",
    )
    oidc_issuer: str | None = Field(
        None,
        alias="UNIONFLOW_OIDC_ISSUER",
        pattern=r"^https?://[^\s;,'\"]+$",
        description="Where people log in: an OpenID Connect issuer's address.",
    )
    oidc_client_id: str | None = Field(
        None,
        alias="UNIONFLOW_OIDC_CLIENT_ID",
        description="The public client by which pages log people in.",
    )
    oidc_scope: str = Field(
        "openid profile",
        alias="UNIONFLOW_OIDC_SCOPE",
        pattern=r"^openid( [!#-\[\]-~]+)*$",
        description="What pages ask the issuer for: `openid`, and what puts the organisations and "
        "roles into a token.",
    )

    @field_validator("database")
    @classmethod
    def _check_database(cls, address: SecretStr) -> SecretStr:
        try:
            database_url(address.get_secret_value())
        except InvalidDatabaseUrl as error:
            raise ValueError(str(error)) from None
        return address

    @property
    def database_url(self) -> URL:
        """The database's address; its `str` hides the password."""
        return database_url(self.database.get_secret_value())

    @property
    def pages_folder(self) -> Path | None:
        """Where the dashboard's files are; None where they are not built."""
        if self.pages is not None:
            return self.pages
        return next((at for at in PAGES if (at / "index.html").is_file()), None)

    def token_rules(self) -> TokenRules:
        """What a token must say.

        Raises:
            InvalidRules: a claim's name is none.
        """
        return replace(super().token_rules(), roles_claim=self.jwt_roles_claim)

    def check_roles(self) -> None:
        """Refuse to start where no token could ever give a role.

        Raises:
            SettingsError: the claim's name is none.
        """
        try:
            TokenRules(roles_claim=self.jwt_roles_claim)
        except InvalidRules as error:
            raise SettingsError(f"UNIONFLOW_JWT_ROLES_CLAIM: {error}") from None


class Configuration(BaseModel):
    """The settings, and what they say of Kafka."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    settings: Settings
    kafka: KafkaConnection
    topics: TopicNames


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the environment, and the file that it names, for what needs no Kafka and no tokens.

    Raises:
        SettingsError: something is missing or wrong; a line for each, naming the variable.
    """
    return parse_settings(Settings, _values(environ))


def read_configuration(environ: Mapping[str, str]) -> Configuration:
    """Read the environment, and the file that it names.

    Raises:
        SettingsError: something is missing or wrong; a line for each, naming the variable.
    """
    values = _values(environ)
    settings = parse_settings(Settings, values)
    try:
        kafka = KafkaConnection.from_environment(values)
        kafka.aiokafka_options()  # reads the certificates: better now than in the first connection
        topics = TopicNames.from_entries((), settings.topic_prefix)
    except InvalidSetting as error:
        raise SettingsError(str(error)) from None
    settings.check_roles()
    settings.check_access()
    return Configuration(settings=settings, kafka=kafka, topics=topics)


def _values(environ: Mapping[str, str]) -> dict[str, str]:
    return given_values(environ, variables_of(Settings) | KAFKA_SETTINGS.keys())
