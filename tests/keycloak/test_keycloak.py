"""A relay and a real identity provider: tokens as Keycloak makes them, and keys that it rotates.

Not in `make test`: Keycloak is 160 MB and takes half a minute to start. `make e2e` runs it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.relay.clients import PLAIN, V1, client
from tests.relay.live import RunningRelay
from tests.relay.tokens import bearer, refusal
from tests.relay.topics import APPROVALS, MEMBERS, Topics, body
from tests.support.kafka import Kafka
from tests.support.keycloak import Keycloak, running_keycloak

pytestmark = pytest.mark.keycloak
REALM_FILE = Path(__file__).parent / "realm.json"
BETWEEN_FETCHES = 10.5  # seconds: a relay asks for keys no more often


@pytest.fixture(scope="module")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    with running_keycloak(tmp_path_factory.mktemp("keycloak"), REALM_FILE) as one:
        yield one


@pytest.fixture(scope="module")
def topics(kafka: Kafka) -> Topics:
    topics = Topics(kafka.bootstrap_servers, "keycloak.")
    topics.create()
    return topics


@pytest.fixture(scope="module")
def relay(
    kafka: Kafka, topics: Topics, keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningRelay]:
    settings = {
        **topics.settings,
        "UNIONFLOW_AUTH": "jwt",
        "UNIONFLOW_JWT_JWKS_URL": keycloak.jwks_url,
        "UNIONFLOW_JWT_ISSUER": keycloak.issuer,
        "UNIONFLOW_JWT_AUDIENCE": "unionflow",
    }
    folder = tmp_path_factory.mktemp("relay")
    with RunningRelay.start(folder, kafka.bootstrap_servers, settings) as relay:
        yield relay.wait_until_ready()


@pytest.mark.parametrize("dialect", [V1, PLAIN])
async def test_awa_sees_her_organisations_by_keycloak_s_word(
    relay: RunningRelay, keycloak: Keycloak, topics: Topics, dialect: str
) -> None:
    token = await asyncio.to_thread(keycloak.token)
    async with client(relay, dialect, headers=bearer(token)) as one:
        if dialect == V1:
            assert one.welcome["organizations"] == ["mutuelle-abidjan", "mutuelle-dakar"]
        topics.write(
            APPROVALS,
            [
                body(f"cotonou-{dialect}", "mutuelle-cotonou", "APPROVAL_PENDING"),
                body(f"dakar-{dialect}", "mutuelle-dakar", "APPROVAL_PENDING"),
            ],
            partition=0,
        )
        await one.until_event(f"dakar-{dialect}")
        assert one.ids() == [f"dakar-{dialect}"]


async def test_a_token_that_keycloak_made_for_another_app_is_refused(
    relay: RunningRelay, keycloak: Keycloak
) -> None:
    token = await asyncio.to_thread(keycloak.token, "another-app")
    code, reason, _ = await refusal(relay, V1, token)
    assert (code, reason) == (4401, "the token is for another audience")


async def test_a_token_that_was_signed_by_another_realm_s_key_is_refused(
    relay: RunningRelay, keycloak: Keycloak
) -> None:
    await asyncio.sleep(BETWEEN_FETCHES)
    token = await asyncio.to_thread(
        keycloak.token, "admin-cli", "master", username="admin", password="made-up"
    )
    assert (await refusal(relay, PLAIN, token))[0] == 401


async def test_rotated_keys_of_every_kind_are_taken_and_retired_ones_are_not(
    relay: RunningRelay, keycloak: Keycloak, topics: Topics
) -> None:
    first = await asyncio.to_thread(keycloak.token)
    retired = keycloak.keys("rsa-generated")
    async with client(relay, V1, headers=bearer(first)) as one:
        for kind, algorithm, config in (
            ("rsa-generated", "RS256", {"keySize": "2048"}),
            ("rsa-generated", "PS256", {"keySize": "2048", "algorithm": "PS256"}),
            ("ecdsa-generated", "ES256", {"ecdsaEllipticCurveKey": "P-256"}),
            ("eddsa-generated", "EdDSA", {"eddsaEllipticCurveKey": "Ed25519"}),
        ):
            keycloak.add_key(kind, 200, **config)
            keycloak.sign_with(algorithm)
            await asyncio.sleep(BETWEEN_FETCHES)
            token = await asyncio.to_thread(keycloak.token)
            assert token.split(".")[0] != first.split(".")[0]
            await one.say(type="refresh", token=token)
            said = await one.until("access")
            assert said["organizations"] == ["mutuelle-abidjan", "mutuelle-dakar"]
        for id in retired:
            keycloak.remove_key(id)
        await asyncio.sleep(BETWEEN_FETCHES)
        newest = keycloak.add_key("ecdsa-generated", 300, ecdsaEllipticCurveKey="P-256")
        keycloak.sign_with("ES256")
        token = await asyncio.to_thread(keycloak.token)
        async with client(relay, V1, headers=bearer(token)) as other:
            assert other.welcome["user"] == one.welcome["user"]
        code, reason, _ = await refusal(relay, V1, first)
        assert (code, reason) == (4401, "the token's key is not known")
        topics.write(MEMBERS, [body("still served", "mutuelle-dakar")])
        await one.until_event("still served")
        keycloak.remove_key(newest)
