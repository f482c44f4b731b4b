"""What the operator's account may do: one table, which every request is held against.

The manifests' Roles are tested to be this table, neither less nor more, and a right that no request
of the tests has used fails them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unionflow_operator.adapters.kube import kinds
from unionflow_operator.core.cache import Kind
from unionflow_operator.errors import RightMissing


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """A verb on a resource. resource: `deployments`, or with a subresource `x/status`."""

    group: str
    resource: str
    verb: str


def _verbs(kind: Kind, verbs: str, subresource: str = "") -> frozenset[Right]:
    resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
    return frozenset(Right(kind.group, resource, verb) for verb in verbs.split())


# What a server-side apply of a new object needs is `create` besides `patch`; `get` is for one that
# is there already and that the watch does not see: it may be somebody else's. The admission plugin
# OwnerReferencesPermissionEnforcement asks for `delete` of whoever sets an owner reference.
_CHILD = "get list watch create patch delete"

OF_STREAMS: frozenset[Right] = frozenset().union(
    _verbs(kinds.STREAM, "list watch patch"),
    _verbs(kinds.STREAM, "update", "status"),
    *(_verbs(kind, _CHILD) for kind in kinds.CHILDREN),
    _verbs(kinds.POD, "list watch"),
    _verbs(kinds.SECRET, "get"),
    _verbs(kinds.EVENT, "create patch"),
)
"""In every namespace where there are streams."""

OF_ITSELF: frozenset[Right] = _verbs(kinds.LEASE, "get create update")
"""In the operator's own namespace."""

_VERB_OF_METHOD: Mapping[str, str] = {
    "GET": "get",
    "POST": "create",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}


class Rights:
    """Refuses what the table does not have."""

    def check(self, method: str, kind: Kind, subresource: str, *, named: bool) -> None:
        """Raises RightMissing. named: the URL names one object."""
        verb = "list" if method == "GET" and not named else _VERB_OF_METHOD[method]
        resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
        self._check(Right(kind.group, resource, verb))

    def check_watch(self, kind: Kind) -> None:
        """Raises RightMissing."""
        self._check(Right(kind.group, kind.plural, "watch"))

    def _check(self, right: Right) -> None:
        if right not in OF_STREAMS | OF_ITSELF:
            raise RightMissing(f"{right.verb} {right.group}/{right.resource} is not in the table")
        self.on_use(right)

    def on_use(self, right: Right) -> None:
        """A request within its right is about to be sent."""
