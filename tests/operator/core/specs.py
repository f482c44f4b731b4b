"""Random specs and states of a cluster, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.operator.core.server import Json
from tests.operator.core.world import BEGINNING, World
from unionflow_operator.core.claims import Claim
from unionflow_operator.core.observed import Answer, Handshake, KafkaUnreachable, OptionalApi
from unionflow_operator.core.references import secret_keys

CATALOGUE_NAMES = ("unionflow.finance.approvals", "unionflow.members.events")
OTHER_NAMES = ("audit", "audit.v2", "loans")
SETTINGS = {"retention.ms": ("60000", "86400000"), "cleanup.policy": ("delete", "compact, delete")}


def optional(**fields: st.SearchStrategy[object]) -> st.SearchStrategy[Json]:
    """A mapping with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


configs = optional(**{name: st.sampled_from(values) for name, values in SETTINGS.items()})
settings_of_topics = st.fixed_dictionaries(
    {"partitions": st.integers(1, 12)},
    optional={
        "replicationFactor": st.integers(1, 3),
        "config": configs,
        "adoptionPolicy": st.sampled_from(["Adopt", "Refuse"]),
        "deletionPolicy": st.sampled_from(["Retain", "Delete"]),
        "paused": st.booleans(),
    },
)


@st.composite
def topics(draw: st.DrawFn) -> list[Json]:
    """Two to four topics; some are called otherwise in Kafka."""
    names = draw(st.lists(st.sampled_from(CATALOGUE_NAMES + OTHER_NAMES), min_size=1, unique=True))
    made = []
    for number, name in enumerate(names):
        topic = {"name": name, **draw(settings_of_topics)}
        if draw(st.booleans()):
            topic["topicName"] = f"real-{number}"
        made.append(topic)
    return made


secret = st.fixed_dictionaries({"name": st.sampled_from(["kafka", "tokens"])})
plain = st.just({"bootstrapServers": "kafka:9092"})
secured = st.fixed_dictionaries(
    {
        "bootstrapServers": st.just("kafka-1:9093, kafka-2:9093"),
        "securityProtocol": st.just("SASL_SSL"),
        "sasl": st.fixed_dictionaries({"username": secret, "password": secret}),
    },
    optional={"tls": st.one_of(st.just({}), st.fixed_dictionaries({"ca": secret}))},
)
autoscaling = st.one_of(
    st.just({"minReplicas": 2, "maxReplicas": 6}),
    st.just({"cpuPercent": 0, "connections": 4000}),
    st.just({"engine": "KEDA", "connections": 4000, "prometheusUrl": "http://prometheus:9090"}),
)
pods = optional(
    labels=st.just({"team": "mutuelle"}),
    annotations=st.just({"note": ""}),
    env=st.just(
        [{"name": "TZ", "value": "UTC"}, {"name": "X", "secret": {"name": "x", "key": "y"}}]
    ),
    nodeSelector=st.just({"pool": "relays"}),
    tolerations=st.just([{"operator": "Exists"}]),
    affinity=st.just({"podAntiAffinity": {}}),
    topologySpreadConstraints=st.just([{"topologyKey": "topology.kubernetes.io/zone"}]),
    priorityClassName=st.just("high"),
)
sizes = st.one_of(
    st.fixed_dictionaries({}, optional={"replicas": st.integers(0, 5)}),
    st.fixed_dictionaries({"autoscaling": autoscaling}),
)


@st.composite
def relays(draw: st.DrawFn) -> Json:
    """What the spec says of relays."""
    others = draw(
        optional(
            image=st.just("registry.example/relay:1"),
            resources=st.just({"requests": {"cpu": "1000m"}, "limits": {"memory": "1Gi"}}),
            drainSeconds=st.sampled_from([0, 20, 3600]),
            imagePullSecrets=st.just([{"name": "registry"}]),
            limits=st.just({"connections": 5000, "trustedProxies": ["10.0.0.0/8"]}),
            pod=pods,
        )
    )
    return {**draw(sizes), **others}


exposures = st.one_of(
    st.just({"host": "api.x.example", "ingressClassName": "nginx", "tlsSecretName": "tls"}),
    st.just({"host": "api.x.example", "path": "/u", "ingressClassName": "other"}),
    st.just({"host": "api.x.example", "gateway": {"parentRefs": [{"name": "edge"}]}}),
)
peers = st.just([{"namespaceSelector": {"matchLabels": {"a": "b"}}}, {"podSelector": {}}])
presences = st.sampled_from(["Always", "Auto", "Never"])


@st.composite
def specs(draw: st.DrawFn) -> Json:
    """Any spec that the API server would take."""
    needed = st.fixed_dictionaries(
        {
            "kafka": st.one_of(plain, secured),
            "topics": topics(),
            "auth": st.one_of(
                st.just({"none": True}),
                st.just({"jwksUrl": "https://id.example/certs", "issuer": "me"}),
                st.fixed_dictionaries({"secretRef": secret}),
            ),
            "relay": relays(),
        },
        optional={
            "topicPrefix": st.sampled_from(["prod.", ""]),
            "exposure": exposures,
            "monitoring": optional(serviceMonitor=presences, dashboard=presences),
            "networkPolicy": optional(enabled=st.booleans(), clientsFrom=peers),
            "disruptionBudget": optional(enabled=st.booleans()),
        },
    )
    made: Json = draw(needed)
    return made


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A stream that the operator has not seen yet, in a cluster that others use too."""
    world = World(draw(specs()))
    stream = world.stream()
    for real in stream.spec.kafka_names():
        if draw(st.booleans()):
            world.make_topic(real, draw(st.integers(1, 12)), draw(st.integers(1, 3)), draw(configs))
    world.served = draw(st.frozensets(st.sampled_from(list(OptionalApi))))
    if wanted := sorted(secret_keys(stream.spec)):
        world.lost_secrets = draw(st.frozensets(st.sampled_from(wanted), max_size=1))
    if draw(st.booleans()):
        world.rivals = (draw(rivals(stream.spec.kafka_names())),)
    if draw(st.integers(0, 4)) == 0:
        world.unreachable = KafkaUnreachable("no broker answers", draw(st.booleans()))
    world.handshake = Handshake(draw(st.sampled_from(Answer)))
    world.clients = draw(st.none() | st.integers(0, 10_000))
    return world


@st.composite
def rivals(draw: st.DrawFn, names: tuple[str, ...]) -> Claim:
    """Another stream that wants some of these topics, older or younger."""
    hour = draw(st.sampled_from([-1, 1]))
    created = replace_hour(hour)
    wanted = draw(st.frozensets(st.sampled_from(names), min_size=1))
    return Claim("prod", "rival", "uid-of-rival", created, frozenset({"kafka:9092"}), wanted)


def replace_hour(difference: int) -> str:
    """The creation time of the world's stream, so many hours off."""
    return BEGINNING.replace(hour=BEGINNING.hour + difference).isoformat()
