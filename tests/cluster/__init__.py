"""A real Kubernetes on this machine, without Docker, and the tests that need a whole node of it.

`control` runs etcd and a control plane; `node` adds containerd and a kubelet. `python -m
tests.cluster` starts either by hand.
"""
