"""The haproxy.cfg that HAProxy Technologies' ingress controller makes of an Ingress.

The same sections and defaults (its documentation/annotations.md), with the host and path in ACLs
where the controller has maps.
"""

from __future__ import annotations

from pathlib import Path

from tests.ingress.sites import Edge, Ports, Site

_PREFIX = "haproxy.org/"
BACKEND = "prod_mutuelle-relay_clients"


def haproxy_cfg(site: Site, edge: Edge, ports: Ports, certificate: Path, socket: Path) -> str:
    """The whole file. certificate: with its key in the same file. socket: for its commands."""
    expect = (
        f"tcp-request connection expect-proxy layer4 if {{ src {edge.proxy_protocol} }}"
        if edge.proxy_protocol
        else ""
    )
    routes = "".join(
        f"  use_backend {BACKEND} if {{ hdr(host),field(1,:) {site.host} }} {{ path {path} }}\n"
        for path in site.paths
    )
    timeout = edge.milliseconds(site.annotations.get(f"{_PREFIX}timeout-server", "50s"))
    servers = "".join(f"  server SRV_{n} {pod} check\n" for n, pod in enumerate(site.pods, 1))
    return f"""
global
  stats socket {socket} mode 600 level admin
  hard-stop-after 30m
defaults
  mode http
  option redispatch 0
  option http-keep-alive
  option dontlognull
  timeout http-request 5s
  timeout connect 5s
  timeout queue 5s
  timeout http-keep-alive 1m
  timeout client {edge.milliseconds("50s")}ms
  timeout server {edge.milliseconds("50s")}ms
  timeout tunnel {edge.milliseconds(edge.tunnel_timeout)}ms
frontend http
  bind 127.0.0.1:{ports.http} name v4
  {expect}
{routes}  default_backend none
frontend https
  bind 127.0.0.1:{ports.https} name v4 ssl crt {certificate} alpn h2,http/1.1
  {expect}
  http-request set-header X-Forwarded-Proto https
{routes}  default_backend none
backend none
  http-request return status 404
backend {BACKEND}
  balance roundrobin
  option forwardfor
  timeout server {timeout}ms
{servers}"""
