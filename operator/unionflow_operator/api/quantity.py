"""Kubernetes quantities: the API server writes `1000m` as `1`, and the two are one amount."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

_FORM: Final = re.compile(
    r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(?:([eE][+-]?\d+)|(n|u|m|k|[KMGTPE]i|M|G|T|P|E))?"
)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def same_quantity(one: Any, other: Any) -> bool:
    """Whether both are quantities, of the same amount."""
    first, second = parse_quantity(one), parse_quantity(other)
    return first is not None and first == second


def parse_quantity(value: Any) -> Decimal | None:
    """The amount, in the unit that has no suffix; None for what is no quantity."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    form = _FORM.fullmatch(str(value))
    if form is None:
        return None
    number, exponent, suffix = form.groups()
    amount = Decimal(number + (exponent or ""))
    if suffix in _BINARY:
        return amount * Decimal(1024) ** _BINARY[suffix]
    return amount.scaleb(_DECIMAL[suffix]) if suffix else amount
