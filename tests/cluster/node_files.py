"""What the node's programs are told: the files of containerd, kubelet, kube-proxy and CoreDNS."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cluster.cgroups import NAME
from tests.cluster.control import POD_CIDR

HOST_ADDRESS, NODE_ADDRESS = "10.213.0.1", "10.213.0.2"
NODE_POD_CIDR = "10.244.0.0/24"


def containerd(folder: Path) -> str:
    """containerd.toml; its socket is `containerd.sock` in the folder."""
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-run"
[grpc]
  address = "{folder}/containerd.sock"
[{cri}]
  sandbox_image = "uf.local/pause:1"
  restrict_oom_score_adj = true
  [{cri}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{folder}/cni"
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [{cri}.containerd.runtimes.runc.options]
      SystemdCgroup = false
"""


def pod_network(folder: Path) -> str:
    """The CNI's list of plugins: one bridge, addresses by file."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": NODE_POD_CIDR}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(folder / "cni-addresses"),
    }
    bridge = {
        "type": "bridge",
        "bridge": "uf0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": addresses,
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return json.dumps({"cniVersion": "1.0.0", "name": "uf", "plugins": [bridge, ports]})


def kubelet(folder: Path, authority: Path, *, dns: bool) -> str:
    """KubeletConfiguration. dns: whether pods are to ask CoreDNS on this node."""
    authentication = {
        "anonymous": {"enabled": False},
        "webhook": {"enabled": True},
        "x509": {"clientCAFile": str(authority)},
    }
    return json.dumps(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": NODE_ADDRESS,
            "authentication": authentication,
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{NAME}",
            "failSwapOn": False,
            "failCgroupV1": False,
            "containerRuntimeEndpoint": f"unix://{folder}/containerd.sock",
            "podLogsDir": str(folder / "pod-logs"),
            "resolvConf": "",
            "clusterDomain": "cluster.local",
            "clusterDNS": [NODE_ADDRESS] if dns else [],
            "oomScoreAdj": 0,
            "readOnlyPort": 0,
            "nodeStatusUpdateFrequency": "5s",
        }
    )


def kube_proxy(kubeconfig: Path) -> str:
    """KubeProxyConfiguration."""
    # The size of the connection table belongs to the machine, not to a namespace.
    conntrack = {
        "maxPerCore": 0,
        "min": 0,
        "tcpEstablishedTimeout": "0s",
        "tcpCloseWaitTimeout": "0s",
    }
    return json.dumps(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clientConnection": {"kubeconfig": str(kubeconfig)},
            "clusterCIDR": POD_CIDR,
            "hostnameOverride": NAME,
            "bindAddress": NODE_ADDRESS,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "oomScoreAdj": 0,
            "nodePortAddresses": ["primary"],
            "conntrack": conntrack,
        }
    )


def corefile(kubeconfig: Path) -> str:
    """CoreDNS's Corefile: the cluster's names, and no others."""
    return f""".:53 {{
    bind {NODE_ADDRESS}
    errors
    ready 127.0.0.1:8181
    cache 5
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        ttl 5
    }}
}}
"""
