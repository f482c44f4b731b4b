"""Amounts of money, exact: decimal strings outside, whole numbers of the smallest unit inside."""

from __future__ import annotations

import re
from typing import Final

from unionflow_backend.errors import Unprocessable

MAX_UNITS: Final = 10**15
"""The largest amount, in the smallest unit: a thousand thousand million of two decimals."""
AMOUNT_PATTERN: Final = r"^[0-9]{1,15}(\.[0-9]{1,4})?$"
_AMOUNT: Final = re.compile(AMOUNT_PATTERN.strip("^$"), re.ASCII)

# ISO 4217, those in use. Decimals are 2 unless listed apart.
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_WITH_FOUR = "CLF UYW"
_WITH_TWO = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD
SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS
VED VES WST XCD YER ZAR ZMW ZWG
"""
DECIMALS: Final = {
    code: decimals
    for codes, decimals in (
        (_WITHOUT_DECIMALS, 0),
        (_WITH_TWO, 2),
        (_WITH_THREE, 3),
        (_WITH_FOUR, 4),
    )
    for code in codes.split()
}
"""How many decimals each currency has."""


def require_currency(code: str) -> str:
    """Return the code where ISO 4217 has it.

    Raises:
        Unprocessable: it has not.
    """
    if code not in DECIMALS:
        raise Unprocessable(f"{code!a} is no currency of ISO 4217", [("currency", "is unknown")])
    return code


def read_amount(text: str, currency: str, field: str = "amount") -> int:
    """The amount in the smallest unit of `currency`, at least 1.

    text: such as `125000` or `12.50`. currency: of ISO 4217. field: what the error calls it.

    Raises:
        Unprocessable: it is no amount, has more decimals than the currency, is nothing, or is
            more than MAX_UNITS.
    """
    decimals = DECIMALS[require_currency(currency)]
    if _AMOUNT.fullmatch(text) is None:
        raise _wrong(field, "must be a decimal number, such as 125000 or 12.50")
    whole, _, fraction = text.partition(".")
    if len(fraction) > decimals:
        most = f"has at most {decimals} decimals" if decimals else "has no decimals"
        raise _wrong(field, f"{currency} {most}")
    units = int(whole + fraction.ljust(decimals, "0"))
    if not 1 <= units <= MAX_UNITS:
        raise _wrong(field, f"must be from 1 to {MAX_UNITS:,} of the smallest unit")
    return units


def write_amount(units: int, currency: str) -> str:
    """The amount as a decimal string, with all of its currency's decimals."""
    decimals = DECIMALS[currency]
    digits = str(units).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def _wrong(field: str, what: str) -> Unprocessable:
    return Unprocessable(f"{field}: {what}", [(field, what)])
