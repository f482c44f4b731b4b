"""Values as people write them, by what they want; each is rendered, and admitted by Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from tests.helm.charts import OPERATOR, SMALLEST, STACK, Rendered, Values, render, with_values

_TOLERATIONS = [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}]
_SPREAD = [
    {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": "mutuelle"}},
    }
]
_LABELS = {
    f"app.kubernetes.io/{name}": "more"
    for name in ("name", "instance", "version", "component", "part-of", "managed-by")
}
_PROXY = {
    "name": "proxy",
    "image": "proxy",
    "restartPolicy": "Always",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}
_PEER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}

OPERATORS: Mapping[str, Values] = {
    "nothing said": {},
    "one namespace, without a ClusterRole": {"watchNamespaces": ["prod"]},
    "a policy, and settings of its own": {
        "policy": {
            "default": {"deletion": "None"},
            "namespaces": {"team-*": {"topicPrefixes": ["team."]}},
        },
        "settings": {"UNIONFLOW_RESYNC_SECONDS": 86400, "UNIONFLOW_LEADER_ELECTION": True},
    },
    "an object of its own": {
        "extraObjects": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": "{{ .Release.Name }}-more",
                    "namespace": "{{ .Release.Namespace }}",
                    "labels": _LABELS,
                },
            }
        ]
    },
    "no definition, no roles, an account that is there": {
        "crds": {"install": False},
        "rbac": {"create": False},
        "serviceAccount": {"create": False, "name": "somebody"},
    },
    "the definition goes with the release": {"crds": {"keep": False}, "replicaCount": 1},
    "seen by Prometheus and Grafana": {
        "metrics": {
            "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
            "prometheusRule": {"enabled": True, "runbooksUrl": "https://wiki.example/runbooks/"},
            "dashboards": {"enabled": True, "annotations": {"grafana_folder": "UnionFlow"}},
        },
        "networkPolicy": {"monitoringFrom": [_PEER]},
    },
    "seen by Prometheus without a Service": {
        "metrics": {"service": {"enabled": False}, "podMonitor": {"enabled": True}},
    },
    "everything that a pod can be given": {
        "image": {"registry": "registry.example", "digest": f"sha256:{'0' * 64}"},
        "relayImage": {"registry": "registry.example", "tag": "1.10"},
        "imagePullSecrets": [{"name": "registry"}],
        "commonLabels": {"team": "streams"},
        "podLabels": {"sidecar": "no"},
        "podAnnotations": {"note": "yes"},
        "annotations": {"note": "yes"},
        "extraEnv": [{"name": "TZ", "value": "Africa/Dakar"}],
        "extraEnvFrom": [{"secretRef": {"name": "more", "optional": True}}],
        "extraVolumes": [{"name": "more", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": _TOLERATIONS,
        "affinity": {"nodeAffinity": {}},
        "topologySpreadConstraints": _SPREAD,
        "priorityClassName": "system-cluster-critical",
        "podDisruptionBudget": {"maxUnavailable": "50%"},
    },
}

_WRITTEN = """
kafka:
  bootstrapServers: kafka-kafka-bootstrap.kafka.svc:9093
  securityProtocol: SASL_SSL
  topicPrefix: prod.
  sasl: {existingSecret: unionflow}
  tls: {caSecret: kafka-cluster-ca-cert, clientSecret: unionflow-client}
auth:
  jwksUrl: https://id.mutuelle.example/certs
  issuer: https://id.mutuelle.example
  audience: unionflow
  allowedOrigins: [https://unionflow.mutuelle.example]
  oidc: {issuer: "https://id.mutuelle.example", clientId: dashboard}
database: {existingSecret: unionflow-db, existingSecretKey: uri}
ingress:
  enabled: true
  className: nginx
  host: unionflow.mutuelle.example
  path: /unionflow
  tlsSecretName: unionflow-tls
  annotations: {nginx.ingress.kubernetes.io/ssl-redirect: "true"}
  backendAnnotations: {cert-manager.io/cluster-issuer: letsencrypt}
stream:
  topics:
    - {name: unionflow.finance.approvals, partitions: 12, replicationFactor: 3}
    - {name: unionflow.notifications.user, topicName: prod.notices}
  relay:
    autoscaling: {minReplicas: 3, maxReplicas: 12, cpuPercent: 70}
    resources: {requests: {cpu: "1", memory: 1Gi}, limits: {memory: 1Gi}}
    historyBytes: 268435456
    limits: {trustedProxies: [10.0.0.0/8]}
  monitoring: {labels: {release: prometheus}}
tests: {tokenSecret: unionflow-token}
"""
PRODUCTION: Values = yaml.safe_load(_WRITTEN)

STACKS: Mapping[str, Values] = {
    "the smallest": SMALLEST,
    "production": PRODUCTION,
    "a small one, in a file": {
        **SMALLEST,
        "database": {"sqlite": {"enabled": True, "storageClass": "fast"}},
    },
    "a file in a volume that is there": {
        **SMALLEST,
        "database": {"sqlite": {"enabled": True, "existingClaim": "books"}},
    },
    "a stream alone": {
        "kafka": {"bootstrapServers": "kafka:9092"},
        "auth": {"existingSecret": "unionflow-jwt"},
        "backend": {"enabled": False},
    },
    "business services alone": with_values(SMALLEST, {"stream": {"enabled": False}}),
    "no Job, and the address of a database": {
        **SMALLEST,
        "database": {"url": "postgresql://u:p@postgres:5432/d?ssl=require"},
        "migration": {"enabled": False},
    },
    "the Gateway API": with_values(
        SMALLEST,
        {
            "ingress": {
                "enabled": True,
                "host": "unionflow.mutuelle.example",
                "gatewayParentRefs": [{"name": "public", "namespace": "gateways"}],
            }
        },
    ),
    "another name for the relays": with_values(
        SMALLEST,
        {
            "ingress": {
                "enabled": True,
                "className": "haproxy",
                "host": "unionflow.mutuelle.example",
                "streamHost": "live.mutuelle.example",
                "streamTlsSecretName": "live-tls",
                "tlsBefore": True,
            }
        },
    ),
    "seen, traced, and scaled": with_values(
        PRODUCTION,
        {
            "tracing": {"endpoint": "http://otel.monitoring:4318"},
            "stream": {
                "keep": True,
                "annotations": {"note": "yes"},
                "relay": {"pod": {"env": [{"name": "TZ", "value": "Africa/Dakar"}]}},
                "disruptionBudget": {"maxUnavailable": 2},
                "networkPolicy": {"clientsFrom": [_PEER], "monitoringFrom": [_PEER]},
            },
            "backend": {
                "autoscaling": {"enabled": True},
                "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
                "prometheusRule": {"enabled": True, "runbooksUrl": "https://wiki.example/r"},
                "networkPolicy": {"clientsFrom": [_PEER], "monitoringFrom": [_PEER]},
            },
        },
    ),
    "everything that a pod can be given": with_values(
        SMALLEST,
        {
            "imagePullSecrets": [{"name": "registry"}],
            "commonLabels": {"team": "streams"},
            "backend": {
                "image": {"registry": "registry.example", "digest": f"sha256:{'0' * 64}"},
                "settings": {"UNIONFLOW_STATS_SECONDS": 5, "UNIONFLOW_OUTBOX_KEEP_SECONDS": 1e6},
                "podLabels": {"sidecar": "no"},
                "podAnnotations": {"note": "yes"},
                "annotations": {"note": "yes"},
                "initContainers": [_PROXY],
                "extraEnv": [{"name": "TZ", "value": "Africa/Dakar"}],
                "extraEnvFrom": [{"configMapRef": {"name": "more", "optional": True}}],
                "extraVolumes": [{"name": "more", "emptyDir": {}}],
                "extraVolumeMounts": [{"name": "more", "mountPath": "/more"}],
                "nodeSelector": {"kubernetes.io/arch": "amd64"},
                "tolerations": _TOLERATIONS,
                "affinity": {"nodeAffinity": {}},
                "topologySpreadConstraints": _SPREAD,
                "priorityClassName": "system-cluster-critical",
                "service": {"type": "LoadBalancer", "port": 80, "annotations": {"a": "b"}},
                "serviceAccount": {"create": False, "name": "somebody"},
            },
            "migration": {"annotations": {"sidecar.istio.io/inject": "false"}},
        },
    ),
}

ALL: Mapping[str, tuple[Path, Values]] = {
    **{f"operator: {what}": (OPERATOR, values) for what, values in OPERATORS.items()},
    **{f"stack: {what}": (STACK, values) for what, values in STACKS.items()},
}


@cache
def rendered(what: str) -> Rendered:
    """What Helm makes of one of `ALL`."""
    return render(*ALL[what])
