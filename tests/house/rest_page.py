"""docs/reference/rest.md, written from the API's own OpenAPI document and the table of roles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.backend.asking import document
from tests.backend.operations import World, requests
from unionflow_backend.core.permissions import ALLOWED
from unionflow_backend.core.roles import Role

Table = Callable[[Sequence[str], Iterable[Sequence[str]]], str]
Schema = Mapping[str, Any]
_FIELDS = ("field", "needed", "value", "meaning")
_TITLES = {
    "organizations": "Organisations",
    "approvals": "Approvals",
    "members": "Members",
    "contributions": "Contributions",
    "notifications": "Notifications",
    "events": "Agenda",
    "dashboard": "Dashboard",
    "development": "Events on demand",
    "pages": "For pages",
}


def rest_page(notice: str, table: Table) -> str:
    """The page. notice: its first line. table: makes a Markdown table of a head and rows."""
    sections = "\n".join(_section(tag, title, table) for tag, title in _TITLES.items())
    return f"""{notice}

# The REST API

The business services serve it at port 8080, below `UNIONFLOW_BASE_PATH` where one is set. The same
as an OpenAPI document: `/openapi.json`, or `unionflow-backend openapi`. To try it: `/docs`.

Bodies are JSON with names in camelCase, of at most 64 KiB; a field that is not known is refused.
Amounts are decimal strings with at most the decimals of their currency (ISO 4217; XOF has none).
Times are RFC 3339, in answers always UTC with milliseconds.

Each change is one transaction with its event and a line of recent activity: what was answered with
2xx is on its way to every screen, and nothing else is.

## Who one is

With `UNIONFLOW_AUTH=jwt`: `Authorization: Bearer …`, by the same rules as [the relay](wire.md). The
roles are in the claim that `UNIONFLOW_JWT_ROLES_CLAIM` names. Whoever belongs to an organisation is
at least its member. An administrator is the platform's own: of the organisations in the token.

With `UNIONFLOW_AUTH=none`: `X-User-Id`, `X-Organization-Ids` and `X-Roles` (both with commas
between). Each that is left out stands for the most: an administrator, of everything, who may also
approve their own request as long as no `X-User-Id` says who they are.

What is another organisation's does not exist: 404. What the roles do not allow is 403. A member who
was deactivated is a stranger to the organisation, with every token issued before.

## What all have in common

- **Lists** are `{{"items": […], "nextCursor": …}}`. The next page is asked for with `cursor`, as it
  was given; `limit` is 1 to 200. `sort` is a field, with `-` before it for largest first.
- **`Idempotency-Key`** on any `POST`: the same key and request within a day get the first answer
  again, with `Idempotency-Replayed: true`, and change nothing more. With another request: 422. At
  the same time: the second waits for the first. What was refused is not kept.
- **`ETag` and `If-Match`** on what can be changed: 412 where it has changed since it was read.
- **Errors** are `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, and
  `errors` with `field` and `message` where fields are wrong. 503 comes with `Retry-After`.

{sections}"""


def _section(tag: str, title: str, table: Table) -> str:
    may = {
        request.id: ", ".join(role.value for role in Role if role in ALLOWED[request.needs])
        for request in requests(World("", "", "", "", ""))
    }
    rows, bodies = [], []
    for method, path, operation in _operations(tag):
        roles = may.get(operation["operationId"], "anybody")
        everyone = roles == ", ".join(Role)
        what = operation["description"].replace("\n", " ")
        rows.append((f"`{method} {path}`", "every member" if everyone else roles, what))
        bodies += [_body(method, path, operation, table)]
    said = "\n".join(filter(None, bodies))
    head = ("request", "who may", "what it does")
    return f"## {title}\n\n{table(head, rows)}\n{said}"


def _operations(tag: str) -> Iterator[tuple[str, str, Schema]]:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            if operation["tags"] == [tag]:
                yield method.upper(), path, operation


def _body(method: str, path: str, operation: Schema, table: Table) -> str:
    filters = [
        (f"`{one['name']}`", _kind(one["schema"]), one.get("description", ""))
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one["name"] not in ("cursor", "limit")
    ]
    if filters:
        head = ("parameter", "value", "meaning")
        return f"\nOf `{method} {path}`:\n\n{table(head, filters)}\n"
    if "requestBody" not in operation:
        return ""
    schema = _resolved(operation["requestBody"]["content"]["application/json"]["schema"])
    needed = schema.get("required", ())
    rows = [
        (
            f"`{name}`",
            "yes" if name in needed else "",
            _kind(field),
            _first(field, "description"),
        )
        for name, field in schema["properties"].items()
    ]
    return f"\nOf `{method} {path}`:\n\n{table(_FIELDS, rows)}\n"


def _resolved(schema: Schema) -> Schema:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Schema = document()["components"]["schemas"][name] if name else schema
    return found


def _branches(schema: Schema) -> Sequence[Schema]:
    resolved = _resolved(schema)
    choices = resolved.get("anyOf", [resolved])
    return [_resolved(one) for one in choices if one.get("type") != "null"]


def _first(schema: Schema, word: str) -> str:
    said = [str(one[word]) for one in (schema, *_branches(schema)) if word in one]
    return said[0].replace("\n", " ") if said else ""


def _kind(schema: Schema) -> str:
    one = _branches(schema)[0]
    if "enum" in one:
        return ", ".join(f"`{word}`" for word in one["enum"])
    kind = str(one.get("format") or one.get("type", "object"))
    if kind == "array":
        return f"a list, of {_kind(one['items'])}"
    example = next(iter(one.get("examples") or schema.get("examples") or ()), None)
    if example is not None and isinstance(example, str):
        return f"{kind}, such as `{example}`"
    return kind
