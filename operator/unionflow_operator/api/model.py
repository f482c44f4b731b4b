"""What all models of the object have in common.

A model is the one source of three things: the schema that the API server holds objects to, the
text that `kubectl explain` shows, and the parsing. A rule that a schema cannot say is written
once as CEL and once in Python, with one message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Protocol, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

BROKEN_RULE: Final = "broken_rule"  # the type of the errors that rules give
MOST_ITEMS: Final = 64
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold between the fields of one model, or between its old and its new self."""

    cel: str
    """True where it holds. With `oldSelf` it is about a change."""
    message: str
    """What is wrong and what would do."""
    field: str = ""
    """The field to blame, such as `.auth`; the model itself where empty."""
    words: str = ""
    """CEL that makes the message of the values found; `message` where empty."""
    holds: Callable[[Any], bool] | None = None
    """The same in Python; None for a rule about a change."""
    keeps: Callable[[Any, Any], bool] | None = None
    """The same in Python for a rule about a change, of the old and the new."""


def _with_rules(schema: dict[str, Any], model: type[Any]) -> None:
    rules: tuple[Rule, ...] = model.RULES
    if rules:
        schema["x-kubernetes-validations"] = [as_schema(rule) for rule in rules]


def as_schema(rule: Rule) -> dict[str, str]:
    """An entry of `x-kubernetes-validations`."""
    parts = {
        "rule": rule.cel,
        "message": rule.message,
        "messageExpression": rule.words,
        "fieldPath": rule.field,
    }
    return {name: text for name, text in parts.items() if text}


class Model(BaseModel):
    """A frozen part of the object, camelCase on the wire. An unknown field is an error."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        json_schema_extra=_with_rules,
    )
    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_the_rules(self) -> Self:
        for rule in self.RULES:
            if rule.holds is not None and not rule.holds(self):
                context = {"message": rule.message, "field": rule.field.removeprefix(".")}
                raise PydanticCustomError(BROKEN_RULE, "{message}", context)
        return self

    def to_object(self) -> dict[str, Any]:
        """As it stands in YAML: camelCase, what is not set left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Named(Protocol):
    """An entry of a list that is told apart by its name."""

    @property
    def name(self) -> str: ...  # noqa: D102  # the field itself


Entry = TypeVar("Entry", bound=Named)


def no_name_twice(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The validator that belongs to `list_map("name")`."""
    names = [entry.name for entry in entries]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        context = {"message": f"{twice} stands twice: names tell entries apart", "field": ""}
        raise PydanticCustomError(BROKEN_RULE, "{message}", context)
    return entries


def list_map(key: str) -> dict[str, Any]:
    """The schema of a list whose entries are told apart by one field."""
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key]}


def _int_as_text(value: object) -> object:
    """Kubernetes' int-or-string; what is wider than 64 bits is neither."""
    is_int = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return str(value) if is_int else value


_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
_QUANTITY = r"^([0-9]{1,15}|[0-9]{1,6}(\.[0-9]{1,3})?(m|k|Ki|Mi|Gi|Ti|M|G|T)?)$"  # within 64 bits
PORT: Final = (
    r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
HOST: Final = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)"

ObjectName = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=_SUBDOMAIN)]
HostName = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^(\*\.)?" + _SUBDOMAIN[1:])
]
LabelValue = Annotated[
    str,
    StringConstraints(max_length=63, pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"),
]
Text = Annotated[str, StringConstraints(max_length=1024)]
LongText = Annotated[str, StringConstraints(max_length=32_768)]
# ASCII only: `\s` is another set of characters to the API server than to pydantic.
HttpUrl = Annotated[
    str,
    StringConstraints(
        min_length=8, max_length=2048, pattern=rf"^https?://{HOST}(:{PORT})?([/?][!-~]*)?$"
    ),
]
"""With no user and no password in it."""
Quantity = Annotated[
    str,
    StringConstraints(max_length=32, pattern=_QUANTITY),
    BeforeValidator(_int_as_text),
    WithJsonSchema(
        {
            "x-kubernetes-int-or-string": True,
            "maxLength": 32,
            "pattern": _QUANTITY,
            "minimum": 0,
            "maximum": 10**15 - 1,
        }
    ),
]
"""An amount as Kubernetes writes it: `250m`, `512Mi`, `2`."""
Scalar = Annotated[
    str,
    StringConstraints(max_length=4096),
    BeforeValidator(_int_as_text),
    WithJsonSchema({"x-kubernetes-int-or-string": True, "maxLength": 4096}),
]
"""A text, or a whole number that stands for it."""
SecretDataKey = Annotated[
    str, StringConstraints(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")
]


class SecretKey(Model):
    """One value of a Secret in the stream's own namespace."""

    name: ObjectName = Field(description="Name of the Secret, in the stream's namespace.")
    key: SecretDataKey = Field(description="The key under which the value lies in the Secret.")
