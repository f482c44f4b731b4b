"""The fields of requests and answers: each with its bounds, so that no text reaches further.

What PostgreSQL cannot keep (NUL) or UTF-8 cannot write (half a surrogate pair) is refused here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, overload

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from unionflow_backend.core.money import AMOUNT_PATTERN
from unionflow_events.timestamps import normalized, rfc3339

_LAST_MS: Final = 4_102_444_800_000  # 2100-01-01
ID_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
ORGANIZATION_PATTERN: Final = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"


class Taken(BaseModel):
    """What a request's body says. Fields that are not known are refused."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, populate_by_name=False
    )


class Given(BaseModel):
    """What an answer says."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


def _no_control(text: str) -> str:
    for character in text:
        if character < " " and character not in "\n\t":
            raise ValueError("must not have control characters")
        if character == "\x7f" or "\ud800" <= character <= "\udfff":
            raise ValueError("must be text that UTF-8 can write, without control characters")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return _no_control(text)


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line")
    if text != text.strip() or not text:
        raise ValueError("must not be blank, nor begin or end with a space")
    return _no_control(text)


def _time(value: Any) -> Any:
    whole = normalized(value) if isinstance(value, str) else None
    if whole is None:
        raise ValueError("must be an RFC 3339 time, such as 2026-12-05T09:00:00Z")
    moment = datetime.fromisoformat(whole.removesuffix("Z")).replace(tzinfo=UTC)
    milliseconds = round(moment.timestamp() * 1_000)
    if not 0 <= milliseconds < _LAST_MS:
        raise ValueError("must be from 1970 to 2099")
    return milliseconds


def _date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("must be a date, such as 2026-11-30") from None
    if not 1970 <= day.year < 2100:
        raise ValueError("must be from 1970 to 2099")
    return text


def _email(text: str) -> str:
    return text.lower()


Id = Annotated[str, Field(pattern=ID_PATTERN, examples=["0193a5c2-7b1e-7c3d-9f00-2b6e51a0c001"])]
OrganizationId = Annotated[
    str, Field(pattern=ORGANIZATION_PATTERN, max_length=63, examples=["mutuelle-dakar"])
]
UserId = Annotated[
    str, Field(min_length=1, max_length=256), AfterValidator(_one_line), Field(examples=["awa"])
]
Amount = Annotated[
    str,
    Field(
        pattern=AMOUNT_PATTERN,
        max_length=20,
        description="A decimal string, with at most the currency's decimals (XOF has none).",
        examples=["125000"],
    ),
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.", examples=["XOF"])]
Email = Annotated[
    str,
    Field(
        min_length=3,
        max_length=254,
        pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$",
        examples=["awa.diop@example.org"],
    ),
    AfterValidator(_email),
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ]{3,30}$", examples=["+221 77 000 00 00"])]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Reason = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_said)]
Prose = Annotated[str, Field(max_length=2_000), AfterValidator(_no_control)]
Body = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_said)]
Place = Annotated[str, Field(max_length=200), AfterValidator(_no_control)]
Time = Annotated[
    int,
    BeforeValidator(_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-05T09:00:00Z"]}),
]
Day = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        json_schema_extra={"format": "date"},
        examples=["2026-12-31"],
    ),
    AfterValidator(_date),
]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


@overload
def moment(milliseconds: int) -> str: ...
@overload
def moment(milliseconds: None) -> None: ...
@overload
def moment(milliseconds: int | None) -> str | None: ...
def moment(milliseconds: int | None) -> str | None:
    """A time as an answer has it; None stays None."""
    return None if milliseconds is None else rfc3339(milliseconds)
