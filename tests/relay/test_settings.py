"""Settings: each wrong value gives one line that says which variable, what it is, what would do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from unionflow_events import CATALOGUE
from unionflow_relay.settings import (
    Configuration,
    Settings,
    read_configuration,
)
from unionflow_runtime.access import AuthMode
from unionflow_runtime.errors import SettingsError
from unionflow_runtime.settings import KAFKA_SETTINGS, described_settings

OPEN = {"UNIONFLOW_AUTH": "none"}


def read(**variables: str) -> Configuration:
    return read_configuration({**OPEN, **variables})


def refused(environ: Mapping[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as error:
        read_configuration(environ)
    return str(error.value).splitlines()


def filed(path: Path, text: str, **variables: str) -> dict[str, str]:
    path.write_text(text, encoding="utf-8")
    return {"UNIONFLOW_CONFIG": str(path), **variables}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "relay.yaml"


def test_the_defaults_are_those_of_the_design() -> None:
    configuration = read()
    settings = configuration.settings
    assert (settings.host, settings.port, settings.management_port) == ("0.0.0.0", 8085, 9085)
    assert (settings.base_path, settings.heartbeat_seconds) == ("", 25)
    assert (settings.log_format, settings.log_level) == ("json", "info")
    assert list(settings.allowed_origins) == []
    assert configuration.kafka.bootstrap_servers == "localhost:9092"
    assert configuration.topics.real == tuple(topic.name for topic in CATALOGUE)


def test_every_variable_is_read() -> None:
    configuration = read(
        UNIONFLOW_HOST="::1",
        UNIONFLOW_PORT="0",
        UNIONFLOW_MANAGEMENT_PORT="65535",
        UNIONFLOW_BASE_PATH="/unionflow/v1",
        UNIONFLOW_ALLOWED_ORIGINS="https://a.example, https://b.example,",
        UNIONFLOW_TOPICS="unionflow.members.events=members, other",
        UNIONFLOW_TOPIC_PREFIX="prod.",
        UNIONFLOW_HEARTBEAT_SECONDS="1",
        UNIONFLOW_SEND_BUFFER_BYTES="1048576",
        UNIONFLOW_LOG_FORMAT="text",
        UNIONFLOW_LOG_LEVEL="debug",
        KAFKA_BOOTSTRAP_SERVERS="a:1,b:2",
    )
    settings = configuration.settings
    assert (settings.host, settings.port, settings.management_port) == ("::1", 0, 65_535)
    assert (settings.base_path, settings.auth) == ("/unionflow/v1", AuthMode.NONE)
    assert list(settings.allowed_origins) == ["https://a.example", "https://b.example"]
    assert list(configuration.topics.real) == ["members", "prod.other"]
    assert (settings.heartbeat_seconds, settings.send_buffer_bytes) == (1, 1_048_576)
    assert (settings.log_format, settings.log_level) == ("text", "debug")
    assert configuration.kafka.bootstrap_servers == "a:1,b:2"


WRONG = {
    "a port that is a word": ("UNIONFLOW_PORT", "http", "integer"),
    "a port with a fraction": ("UNIONFLOW_PORT", "80.5", "integer"),
    "a negative port": ("UNIONFLOW_PORT", "-1", "0"),
    "a port of 65,536": ("UNIONFLOW_MANAGEMENT_PORT", "65536", "65535"),
    "a base path without a slash": ("UNIONFLOW_BASE_PATH", "unionflow", "/"),
    "a base path with a slash at its end": ("UNIONFLOW_BASE_PATH", "/unionflow/", "/"),
    "a base path with a blank": ("UNIONFLOW_BASE_PATH", "/union flow", "/"),
    "a base path with a query": ("UNIONFLOW_BASE_PATH", "/a?b", "/"),
    "another kind of access": ("UNIONFLOW_AUTH", "basic", "none"),
    "access in capitals": ("UNIONFLOW_AUTH", "NONE", "none"),
    "no heartbeat": ("UNIONFLOW_HEARTBEAT_SECONDS", "0", "1"),
    "a heartbeat in two hours": ("UNIONFLOW_HEARTBEAT_SECONDS", "7200", "3600"),
    "a buffer of a kilobyte": ("UNIONFLOW_SEND_BUFFER_BYTES", "1024", "1048576"),
    "a buffer with a unit": ("UNIONFLOW_SEND_BUFFER_BYTES", "4MiB", "integer"),
    "another compression": ("UNIONFLOW_COMPRESSION", "gzip", "deflate"),
    "another log format": ("UNIONFLOW_LOG_FORMAT", "xml", "json"),
    "another log level": ("UNIONFLOW_LOG_LEVEL", "trace", "info"),
    "a topic that Kafka does not allow": ("UNIONFLOW_TOPICS", "a b", "A-Z"),
    "a topic that is named twice": ("UNIONFLOW_TOPICS", "a,a", "another entry"),
    "a mapping from no topic of the catalogue": ("UNIONFLOW_TOPICS", "x=y", "unionflow."),
    "a prefix that Kafka does not allow": ("UNIONFLOW_TOPIC_PREFIX", "é.", "A-Z"),
    "servers without a port": ("KAFKA_BOOTSTRAP_SERVERS", "kafka", "host:port"),
    "servers with a port that is none": ("KAFKA_BOOTSTRAP_SERVERS", "kafka:0", "host:port"),
    "another protocol": ("KAFKA_SECURITY_PROTOCOL", "TLS", "SASL_SSL"),
    "authorities that are not there": ("KAFKA_SSL_CAFILE", "/nowhere/ca.pem", "PEM"),
}


@pytest.mark.parametrize(("variable", "value", "would_do"), WRONG.values(), ids=WRONG.keys())
def test_one_line_names_variable_value_and_what_would_do_for(
    variable: str, value: str, would_do: str
) -> None:
    environ = {**OPEN, variable: value}
    if variable == "KAFKA_SSL_CAFILE":
        environ["KAFKA_SECURITY_PROTOCOL"] = "SSL"
    (line,) = refused(environ)
    shown = value.split(",", maxsplit=1)[0]  # of a list, the entry that is wrong
    assert line.startswith(f"{variable}: {shown!r} ")
    assert would_do in line.removeprefix(f"{variable}: {shown!r} ")


def test_several_wrong_values_give_a_line_each() -> None:
    lines = refused({**OPEN, "UNIONFLOW_PORT": "x", "UNIONFLOW_LOG_LEVEL": "y"})
    assert sorted(line.split(":")[0] for line in lines) == ["UNIONFLOW_LOG_LEVEL", "UNIONFLOW_PORT"]


@pytest.mark.parametrize("environ", [{}, {"UNIONFLOW_AUTH": ""}, {"UNIONFLOW_AUTH": "jwt"}])
def test_tokens_without_a_key_are_refused_and_the_missing_variable_is_named(
    environ: Mapping[str, str],
) -> None:
    (line,) = refused(environ)
    assert line.startswith("UNIONFLOW_JWT_JWKS_URL is not set")
    assert "UNIONFLOW_JWT_SECRET" in line
    assert "UNIONFLOW_AUTH=none" in line


SECRET = "s3cr3t-of-the-treasurer"


@pytest.mark.parametrize(
    "environ",
    [
        {"UNIONFLOW_JWT_JWKS_URL": f"https://relay:{SECRET}@id.example/certs"},
        {"UNIONFLOW_JWT_SECRET": SECRET, "UNIONFLOW_PORT": "x"},
        {**OPEN, "KAFKA_SASL_PASSWORD": SECRET},
        {**OPEN, "KAFKA_SASL_PASSWORD": SECRET, "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"},
    ],
    ids=["an address's", "a token's beside an error", "an unused password", "a password alone"],
)
def test_a_secret_is_shown_in_no_error(environ: Mapping[str, str]) -> None:
    lines = refused(environ)
    assert lines
    assert SECRET not in "".join(lines)


def test_a_secret_is_shown_in_no_description_of_the_settings() -> None:
    configuration = read(
        UNIONFLOW_JWT_SECRET=SECRET,
        KAFKA_SECURITY_PROTOCOL="SASL_PLAINTEXT",
        KAFKA_SASL_MECHANISM="PLAIN",
        KAFKA_SASL_USERNAME="relay",
        KAFKA_SASL_PASSWORD=SECRET,
    )
    assert SECRET not in repr(configuration)
    assert SECRET not in str(configuration.settings)


# The file


def test_the_file_names_each_setting_as_the_environment_does(path: Path) -> None:
    text = "UNIONFLOW_AUTH: none\nUNIONFLOW_PORT: 18085\nKAFKA_BOOTSTRAP_SERVERS: kafka:9092\n"
    configuration = read_configuration(filed(path, text))
    assert configuration.settings.port == 18_085
    assert configuration.kafka.bootstrap_servers == "kafka:9092"


def test_the_environment_wins_over_the_file(path: Path) -> None:
    text = "UNIONFLOW_AUTH: none\nUNIONFLOW_PORT: 1\nKAFKA_BOOTSTRAP_SERVERS: kafka:9092\n"
    environ = filed(path, text, UNIONFLOW_PORT="2", KAFKA_BOOTSTRAP_SERVERS="other:9092")
    configuration = read_configuration(environ)
    assert configuration.settings.port == 2
    assert configuration.kafka.bootstrap_servers == "other:9092"


def test_an_empty_variable_is_not_set_and_hides_nothing_of_the_file(path: Path) -> None:
    text = "UNIONFLOW_AUTH: none\nUNIONFLOW_PORT: 1\nKAFKA_BOOTSTRAP_SERVERS: kafka:9092\n"
    environ = filed(path, text, UNIONFLOW_AUTH="", UNIONFLOW_PORT="", KAFKA_BOOTSTRAP_SERVERS="")
    configuration = read_configuration(environ)
    assert configuration.settings.port == 1
    assert configuration.kafka.bootstrap_servers == "kafka:9092"


@pytest.mark.parametrize("text", ["", "# nothing\n", "UNIONFLOW_PORT:\n"])
def test_a_file_that_says_nothing_changes_nothing(path: Path, text: str) -> None:
    assert read_configuration(filed(path, text, **OPEN)).settings.port == 8_085


WRONG_FILES = {
    "an unknown setting": ("UNIONFLOW_PROT: 1", "UNIONFLOW_PROT"),
    "a setting in small letters": ("unionflow_port: 1", "unionflow_port"),
    "the file within the file": ("UNIONFLOW_CONFIG: x", "UNIONFLOW_CONFIG"),
    "a list": ("UNIONFLOW_TOPICS: [a, b]", "UNIONFLOW_TOPICS"),
    "a mapping": ("UNIONFLOW_TOPICS: {a: b}", "UNIONFLOW_TOPICS"),
    "no mapping at all": ("- a", "mapping"),
    "a text": ("hello", "mapping"),
    "no YAML": ("a: [", "cannot be read"),
    "an object of Python's": ("!!python/object/apply:os.getpid []", "cannot be read"),
    "a wrong value": ("UNIONFLOW_PORT: x", "UNIONFLOW_PORT: 'x'"),
    "true for a port": ("UNIONFLOW_PORT: true", "UNIONFLOW_PORT: 'true'"),
}


@pytest.mark.parametrize(("text", "named"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_one_line_says_what_is_wrong_in_a_file_with(path: Path, text: str, named: str) -> None:
    (line,) = refused(filed(path, text, **OPEN))
    assert named in line


def test_a_file_that_is_not_there_or_not_text_is_one_line(path: Path) -> None:
    (line,) = refused({**OPEN, "UNIONFLOW_CONFIG": str(path)})
    assert line.startswith(f"UNIONFLOW_CONFIG={path}: ")
    path.write_bytes(b"\xff\xfe\x00")
    (line,) = refused({**OPEN, "UNIONFLOW_CONFIG": str(path)})
    assert line.startswith(f"UNIONFLOW_CONFIG={path}: ")


def test_every_setting_is_described_with_its_default() -> None:
    described = dict(described_settings(Settings, kafka=True))
    variables = {str(field.alias) for field in Settings.model_fields.values()}
    assert set(described) == {"UNIONFLOW_CONFIG", *variables, *KAFKA_SETTINGS}
    assert "[8085]" in described["UNIONFLOW_PORT"]
    assert "[jwt]" in described["UNIONFLOW_AUTH"]
    assert "[localhost:9092]" in described["KAFKA_BOOTSTRAP_SERVERS"]
    assert "[not set]" in described["UNIONFLOW_JWT_SECRET"]
