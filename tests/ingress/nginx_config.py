"""The nginx.conf that ingress-nginx makes of an Ingress, as far as clients of a relay can tell.

Modelled on its template: the same directives with the same defaults. Its balancer is a program in
Lua that knows the ready pods; here they are an `upstream` with its own round robin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.ingress.sites import Edge, Ports, Site
from tests.support.tls import Certificates

_PREFIX = "nginx.ingress.kubernetes.io/"


def nginx_conf(site: Site, edge: Edge, ports: Ports, tls: Certificates, folder: Path) -> str:
    """The whole file. folder: for what nginx writes."""
    locations = "".join(_location(path, site, edge) for path in site.paths)
    http, https = (_listen(port, edge) for port in (ports.http, ports.https))
    pods = _upstream("pods", site.pods)
    rest = _upstream("rest", site.rest) if site.rest else ""
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr warn;
worker_shutdown_timeout 240s;
events {{ worker_connections 4096; }}
http {{
  access_log off; {temporary}
  keepalive_timeout 75s; client_header_timeout 60s; large_client_header_buffers 4 8k;
  server_names_hash_bucket_size 128;
  {" ".join(_real_ip(edge))}
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  {pods} {rest}
  ssl_certificate {tls.server}; ssl_certificate_key {tls.server_key};
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen {http} default_server; listen {https} ssl http2 default_server;
    server_name _; location / {{ return 404; }}
  }}
  server {{
    listen {http}; listen {https} ssl http2;
    server_name {site.host};
    location / {{ {_REST if site.rest else "return 404;"} }}
    {locations}
  }}
}}
"""


_REST = """
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
      proxy_http_version 1.1; proxy_buffering off; proxy_pass http://rest; proxy_redirect off;
    """


def _upstream(name: str, pods: Sequence[str]) -> str:
    servers = " ".join(f"server {pod};" for pod in pods)
    return f"upstream {name} {{ {servers} keepalive 320; }}"


def _listen(port: int, edge: Edge) -> str:
    return f"127.0.0.1:{port}{' proxy_protocol' if edge.proxy_protocol else ''}"


def _real_ip(edge: Edge) -> Iterator[str]:
    """`use-proxy-protocol` or `use-forwarded-headers`, with `proxy-real-ip-cidr`."""
    trusted = edge.proxy_protocol or edge.forwarded
    if trusted:
        header = "proxy_protocol" if edge.proxy_protocol else "X-Forwarded-For"
        yield f"real_ip_header {header}; real_ip_recursive on; set_real_ip_from {trusted};"


def _location(path: str, site: Site, edge: Edge) -> str:
    def annotated(name: str, default: str) -> str:
        return site.annotations.get(_PREFIX + name, default)

    read, send = (
        edge.milliseconds(annotated(f"proxy-{which}-timeout", "60") + "s")
        for which in ("read", "send")
    )
    return f"""
    location = {path} {{
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_connect_timeout 5s; proxy_send_timeout {send}ms; proxy_read_timeout {read}ms;
      proxy_buffering {annotated("proxy-buffering", "off")};
      proxy_buffer_size 4k; proxy_buffers 4 4k; proxy_request_buffering on;
      proxy_http_version 1.1;
      proxy_next_upstream error timeout; proxy_next_upstream_tries 3;
      proxy_pass http://pods; proxy_redirect off;
    }}"""
