"""Why a condition is as it is, in words that programs may rely on.

docs/reference/conditions.md lists them all, and a test holds it to this list.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from unionflow_operator.api.status import ConditionType


class Reason(StrEnum):
    """The reasons of all conditions, each with what it means and what to do."""

    home: ConditionType
    """Where it comes from. `Ready` takes over the reason of what is in its way."""
    meaning: str

    def __new__(cls, value: str, home: ConditionType, meaning: str) -> Self:
        """A member with its meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.home = home
        member.meaning = meaning
        return member

    # Ready
    SERVING_CLIENTS = (
        "ServingClients",
        ConditionType.READY,
        "A relay has just answered a WebSocket handshake through the Service, and all are current.",
    )
    PODS_READY = (
        "PodsReady",
        ConditionType.READY,
        "The operator runs where it cannot reach Services; all relays say that they are ready.",
    )
    HANDSHAKE_PENDING = (
        "HandshakePending",
        ConditionType.READY,
        "No handshake has been tried yet; wait.",
    )
    HANDSHAKE_REFUSED = (
        "HandshakeRefused",
        ConditionType.READY,
        "What answers at the Service lets no client in; look at the relays' logs.",
    )
    SERVICE_UNREACHABLE = (
        "ServiceUnreachable",
        ConditionType.READY,
        "Nobody answers at the Service though relays are ready; is a network policy in the way?",
    )
    NO_RELAYS_WANTED = (
        "NoRelaysWanted",
        ConditionType.READY,
        "spec.relay.replicas is 0; raise it.",
    )
    SUSPENDED = (
        "Suspended",
        ConditionType.READY,
        "spec.suspend is true: nothing is changed; see status.pendingPlan.",
    )
    DELETING = ("Deleting", ConditionType.READY, "The stream is being deleted.")

    # TopicsReady
    TOPICS_AS_WANTED = (
        "TopicsAsWanted",
        ConditionType.TOPICS_READY,
        "Every topic is there and as the spec says.",
    )
    TOPICS_CHANGING = (
        "TopicsChanging",
        ConditionType.TOPICS_READY,
        "Topics are being made, grown or set; wait.",
    )
    TOPIC_MISSING = (
        "TopicMissing",
        ConditionType.TOPICS_READY,
        "A paused topic does not exist; make it, or end its pause.",
    )
    KAFKA_UNREACHABLE = (
        "KafkaUnreachable",
        ConditionType.TOPICS_READY,
        "No broker answers the operator; look at spec.kafka.bootstrapServers and at the network.",
    )
    KAFKA_CREDENTIALS_REFUSED = (
        "KafkaCredentialsRefused",
        ConditionType.TOPICS_READY,
        "A broker refuses who we say we are; look at the Secrets that spec.kafka names.",
    )
    KAFKA_DENIED = (
        "KafkaDenied",
        ConditionType.TOPICS_READY,
        "The brokers do not let the operator see a topic; allow it to describe, create and alter.",
    )

    # RelaysReady
    RELAYS_AS_WANTED = (
        "RelaysAsWanted",
        ConditionType.RELAYS_READY,
        "All relays are ready, and as the spec says.",
    )
    ROLLING_OUT = (
        "RollingOut",
        ConditionType.RELAYS_READY,
        "Relays are being replaced, one at a time; wait.",
    )
    RELAYS_STARTING = (
        "RelaysStarting",
        ConditionType.RELAYS_READY,
        "Relays have not become ready yet; wait.",
    )
    RELAYS_NOT_READY = (
        "RelaysNotReady",
        ConditionType.RELAYS_READY,
        "Relays are not ready; `/readyz` of a relay, port 9085, says what it waits for.",
    )
    RELAYS_CRASHING = (
        "RelaysCrashing",
        ConditionType.RELAYS_READY,
        "Relays end again and again; look at their logs.",
    )
    IMAGE_UNAVAILABLE = (
        "ImageUnavailable",
        ConditionType.RELAYS_READY,
        "Nodes cannot fetch the relay's image; look at spec.relay.image and imagePullSecrets.",
    )
    PODS_REFUSED = (
        "PodsRefused",
        ConditionType.RELAYS_READY,
        "The API server refuses the relays' pods; the message has its words.",
    )
    ROLL_OUT_STUCK = (
        "RollOutStuck",
        ConditionType.RELAYS_READY,
        "A new relay has not become ready in time; the old ones go on serving.",
    )

    # Exposed
    NOT_ASKED = (
        "NotAsked",
        ConditionType.EXPOSED,
        "spec.exposure is left out: only inside the cluster.",
    )
    ADDRESS_ASSIGNED = ("AddressAssigned", ConditionType.EXPOSED, "The Ingress has an address.")
    ROUTE_ACCEPTED = ("RouteAccepted", ConditionType.EXPOSED, "A Gateway has taken the HTTPRoute.")
    ADDRESS_PENDING = (
        "AddressPending",
        ConditionType.EXPOSED,
        "No controller has taken it yet; look whether the class or Gateway exists.",
    )
    ROUTE_REFUSED = (
        "RouteRefused",
        ConditionType.EXPOSED,
        "The Gateway refuses the HTTPRoute; the message says why.",
    )
    GATEWAY_API_MISSING = (
        "GatewayApiMissing",
        ConditionType.EXPOSED,
        "The Gateway API is not installed; install it, or say ingressClassName.",
    )

    # Progressing
    APPLYING = (
        "Applying",
        ConditionType.PROGRESSING,
        "The operator is carrying out what the spec asks for.",
    )
    SETTLED = ("Settled", ConditionType.PROGRESSING, "Nothing is being changed.")

    # Degraded
    AS_WANTED = ("AsWanted", ConditionType.DEGRADED, "Nothing is wrong.")
    PARTS_LEFT_OUT = (
        "PartsLeftOut",
        ConditionType.DEGRADED,
        "Parts that are made only where they can be (Auto) are left out: their CRDs are missing.",
    )
    CRD_MISSING = (
        "CrdMissing",
        ConditionType.DEGRADED,
        "The spec asks for a part whose CRD is not installed; install it, or do not ask for it.",
    )
    POLICY_REFUSED = (
        "PolicyRefused",
        ConditionType.DEGRADED,
        "The spec asks for what is not allowed here, so nothing is done; the message says what.",
    )
    SPEC_INVALID = (
        "SpecInvalid",
        ConditionType.DEGRADED,
        "The spec breaks a rule that is newer than it; nothing is done until it is mended.",
    )
    DELETION_NOT_ALLOWED = (
        "DeletionNotAllowed",
        ConditionType.DEGRADED,
        "The operator's policy does not allow topics to be deleted here; they will be retained.",
    )
    SECRET_MISSING = (
        "SecretMissing",
        ConditionType.DEGRADED,
        "A Secret or its key is missing; the relays are left as they are until it is there.",
    )
    REPLICATION_DIFFERS = (
        "ReplicationDiffers",
        ConditionType.DEGRADED,
        "A topic has another replication factor than the spec says; Kafka's own tools change it.",
    )
    QUOTA_EXCEEDED = (
        "QuotaExceeded",
        ConditionType.DEGRADED,
        "A quota of the namespace is used up; raise it.",
    )
    WEBHOOK_REFUSED = (
        "WebhookRefused",
        ConditionType.DEGRADED,
        "An admission webhook refuses an object, or does not answer; the message has its words.",
    )
    FORBIDDEN = (
        "Forbidden",
        ConditionType.DEGRADED,
        "The operator may not write an object; look at its roles.",
    )
    WRITE_REFUSED = (
        "WriteRefused",
        ConditionType.DEGRADED,
        "The API server finds an object wrong; the message has its words.",
    )
    KAFKA_REFUSED = (
        "KafkaRefused",
        ConditionType.DEGRADED,
        "The brokers refuse a change; the message has their words.",
    )
    CONTESTED = (
        "Contested",
        ConditionType.DEGRADED,
        "Somebody undoes what the operator writes, each time; find out who else writes the object.",
    )
    WRITE_FAILED = (
        "WriteFailed",
        ConditionType.DEGRADED,
        "A change has failed; it is tried again.",
    )

    # ResourceConflict
    NO_CONFLICT = (
        "NoConflict",
        ConditionType.RESOURCE_CONFLICT,
        "Nobody else has what this stream needs.",
    )
    TOPIC_HELD = (
        "TopicHeld",
        ConditionType.RESOURCE_CONFLICT,
        "An older stream holds a topic; take another topicName, or delete that stream.",
    )
    TOPIC_NOT_OURS = (
        "TopicNotOurs",
        ConditionType.RESOURCE_CONFLICT,
        "A topic was there before, and adoptionPolicy is Refuse; say Adopt, or another topicName.",
    )
    OBJECT_NOT_OURS = (
        "ObjectNotOurs",
        ConditionType.RESOURCE_CONFLICT,
        "An object of a name that this stream needs is somebody else's; rename or delete it.",
    )


class Happening(StrEnum):
    """The reasons of Events that tell of no condition, each with what has happened."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """A member with its meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    TOPICS_CHANGED = ("TopicsChanged", "Topics were made, grown or set.")
    TOPICS_ADOPTED = (
        "TopicsAdopted",
        "Topics were there before; now they are the stream's too.",
    )
    TOPICS_REPLACED = ("TopicsReplaced", "Somebody deleted topics and made them again (Warning).")
    TOPICS_RELEASED = ("TopicsReleased", "The spec no longer names topics; they are left in Kafka.")
    TOPICS_DELETED = ("TopicsDeleted", "Topics were deleted with the stream, as their policy says.")
    TOPICS_LEFT_BEHIND = (
        "TopicsLeftBehind",
        "Topics that were to be deleted are still in Kafka, each for the reason told (Warning).",
    )
    OBJECTS_APPLIED = ("ObjectsApplied", "Objects were made or changed.")
    OBJECTS_PRUNED = ("ObjectsPruned", "Objects that are no longer wanted were deleted.")
    READY = ("Ready", "Clients can connect from now on.")
    NOT_READY = ("NotReady", "Clients cannot connect any more (Warning).")
