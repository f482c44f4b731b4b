import re
import ssl
import subprocess
from pathlib import Path

import pytest

from tests.support.tls import make_certificates
from unionflow_events import InvalidSetting, KafkaConnection, Secret

SASL = {
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "KAFKA_SASL_USERNAME": "relay",
    "KAFKA_SASL_PASSWORD": "hunter2",
}


def test_with_nothing_set_it_is_the_broker_on_this_machine() -> None:
    connection = KafkaConnection.from_environment({"PATH": "/bin"})

    assert connection.aiokafka_options() == {
        "bootstrap_servers": ["localhost:9092"],
        "security_protocol": "PLAINTEXT",
    }


def test_empty_variables_count_as_not_set() -> None:
    names = ["BOOTSTRAP_SERVERS", "SECURITY_PROTOCOL", "SASL_MECHANISM", "SASL_USERNAME"]
    names += ["SASL_PASSWORD", "SSL_CAFILE", "SSL_CERTFILE", "SSL_KEYFILE"]

    assert KafkaConnection.from_environment({f"KAFKA_{n}": "" for n in names}) == KafkaConnection()


def test_credentials_reach_both_client_libraries() -> None:
    connection = KafkaConnection.from_environment(
        {**SASL, "KAFKA_BOOTSTRAP_SERVERS": "a:1, b:2", "KAFKA_SSL_CAFILE": "/tls/ca.pem"}
    )

    assert connection.librdkafka_options() == {
        "bootstrap.servers": "a:1,b:2",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "relay",
        "sasl.password": "hunter2",
        "ssl.ca.location": "/tls/ca.pem",
    }
    options = KafkaConnection.from_environment(SASL).aiokafka_options()
    assert isinstance(options.pop("ssl_context"), ssl.SSLContext)
    assert options == {
        "bootstrap_servers": ["localhost:9092"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "relay",
        "sasl_plain_password": "hunter2",
    }


def test_a_brokers_certificate_and_name_are_checked() -> None:
    options = KafkaConnection(security_protocol="SSL").aiokafka_options()

    context = options["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_no_text_of_a_connection_shows_its_password() -> None:
    connection = KafkaConnection.from_environment(SASL)

    assert "hunter2" not in f"{connection} {connection!r} {connection.sasl_password}"
    assert connection.sasl_password == Secret("hunter2")


REFUSED = [
    ("no port", {"KAFKA_BOOTSTRAP_SERVERS": "kafka"},
     "KAFKA_BOOTSTRAP_SERVERS: 'kafka' is no list of host:port"),
    ("a port too high", {"KAFKA_BOOTSTRAP_SERVERS": "a:70000"},
     "KAFKA_BOOTSTRAP_SERVERS: 'a:70000' is no list"),
    ("only commas", {"KAFKA_BOOTSTRAP_SERVERS": ","}, "KAFKA_BOOTSTRAP_SERVERS: ',' is no list"),
    ("an unknown protocol", {"KAFKA_SECURITY_PROTOCOL": "TLS"},
     "KAFKA_SECURITY_PROTOCOL: 'TLS' is none of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
    ("an unknown mechanism", {**SASL, "KAFKA_SASL_MECHANISM": "GSSAPI"},
     "KAFKA_SASL_MECHANISM: 'GSSAPI' is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
    ("no mechanism", {**SASL, "KAFKA_SASL_MECHANISM": ""},
     "KAFKA_SASL_MECHANISM: SASL_SSL needs one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
    ("no password", {**SASL, "KAFKA_SASL_PASSWORD": ""},
     "KAFKA_SASL_PASSWORD: SASL_SSL needs a value"),
    ("a password that would not be used", {"KAFKA_SASL_PASSWORD": "hunter2"},
     "KAFKA_SASL_PASSWORD: '***' is not used with KAFKA_SECURITY_PROTOCOL=PLAINTEXT"),
    ("a certificate that would not be used", {"KAFKA_SSL_CAFILE": "/ca.pem"},
     "KAFKA_SSL_CAFILE: '/ca.pem' is not used with KAFKA_SECURITY_PROTOCOL=PLAINTEXT"),
    ("a key without its certificate",
     {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_KEYFILE": "/k.pem"},
     "KAFKA_SSL_CERTFILE: KAFKA_SSL_KEYFILE needs one beside it"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("environ", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_wrong_variable_is_named_with_what_would_do(
    environ: dict[str, str], message: str
) -> None:
    with pytest.raises(InvalidSetting, match=re.escape(message)) as refusal:
        KafkaConnection.from_environment(environ)

    assert message.startswith(refusal.value.variable)
    assert "hunter2" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_that_is_no_authority_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    connection = KafkaConnection(security_protocol="SSL", ssl_cafile=str(file))

    with pytest.raises(InvalidSetting, match=r"KAFKA_SSL_CAFILE: .* is no PEM file of authorities"):
        connection.aiokafka_options()


def test_an_encrypted_key_is_refused_and_nobody_is_asked_for_its_passphrase(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    encrypted = tmp_path / "encrypted.key"
    plain = certificates.client_key
    subprocess.run(
        ["openssl", "rsa", "-aes256", "-passout", "pass:secret", "-in", plain, "-out", encrypted],
        check=True,
        capture_output=True,
    )
    connection = KafkaConnection(
        security_protocol="SSL",
        ssl_cafile=str(certificates.ca),
        ssl_certfile=str(certificates.client),
        ssl_keyfile=str(encrypted),
    )

    with pytest.raises(InvalidSetting, match=r"KAFKA_SSL_CERTFILE: .* the key is encrypted"):
        connection.aiokafka_options()
