"""Amounts are whole numbers in a currency's minor unit; how many make a major one is told here."""

from __future__ import annotations

from decimal import Decimal

_NO_DECIMALS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905 - a list of words
)
_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def major_units(amount: int, currency: str | None) -> Decimal:
    """Return an amount in the currency's major unit, exactly: 1250 cents are 12.50 dollars.

    Args:
        amount: in the minor unit.
        currency: ISO 4217, in lower case as Stripe writes it; two decimals where it is unknown.

    The lists are Stripe's (https://docs.stripe.com/currencies); its special cases ISK and UGX
    have two decimals in the API.
    """
    decimals = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    return Decimal(amount).scaleb(-decimals)
