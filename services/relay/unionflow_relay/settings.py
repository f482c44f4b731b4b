"""The relay's settings: read once, from the environment and a file, into one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from unionflow_events import InvalidSetting, KafkaConnection, TopicNames
from unionflow_relay.core.addresses import trusted_networks
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.serving import ServingSettings
from unionflow_runtime.settings import (
    KAFKA_SETTINGS,
    CommaList,
    Port,
    given_values,
    parse_settings,
    variables_of,
)


class Compression(StrEnum):
    """Whether what clients get is compressed."""

    NONE = "none"  # not `off`, which YAML would read as false
    DEFLATE = "deflate"


class Settings(ServingSettings):
    """Everything that can be set. Each field's alias is its variable."""

    port: Port = Field(
        8085,
        alias="UNIONFLOW_PORT",
        description="Port of `/ws/dashboard` and `/sse/dashboard`; 0 is a free one.",
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
    compression: Compression = Field(
        Compression.NONE,
        alias="UNIONFLOW_COMPRESSION",
        description="`deflate` compresses events for clients that offer permessage-deflate: fewer "
        "bytes, a little more of the relay's processor.",
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

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, listed: tuple[str, ...]) -> tuple[str, ...]:
        trusted_networks(listed)
        return listed


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
    values = given_values(environ, variables_of(Settings) | KAFKA_SETTINGS.keys())
    settings = parse_settings(Settings, values)
    try:
        kafka = KafkaConnection.from_environment(values)
        kafka.aiokafka_options()  # reads the certificates: better now than in the first connection
        topics = TopicNames.from_entries(settings.topics, settings.topic_prefix)
    except InvalidSetting as error:
        raise SettingsError(str(error)) from None
    settings.check_access()
    return Configuration(settings=settings, kafka=kafka, topics=topics)
