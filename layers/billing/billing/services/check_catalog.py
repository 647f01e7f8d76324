"""What a catalog must be to be put: every error names the path of its field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from billing.domain.catalog import (
    CODE,
    Catalog,
    Feature,
    FeatureType,
    Merge,
    Price,
    PriceType,
    Product,
)
from billing.domain.errors import FieldError, InvalidInput
from billing.domain.status import UNLIMITED, FeatureValue
from billing.domain.text import is_clean

LARGEST_AMOUNT = 99_999_999
"""In minor units; Stripe takes eight digits."""

LONGEST_INTERVALS = {"day": 1095, "week": 156, "month": 36, "year": 3}
"""Stripe bills at least once in three years."""

LONGEST_VALIDITY_DAYS = 36_500
LONGEST_NAME = 250
LONGEST_LOOKUP_KEY = 80  # Stripe's limit of a feature's lookup_key
LARGEST_LIMIT = 2**53 - 1  # what every JSON reader keeps exactly
LONGEST_LEEWAY = timedelta(days=30)
LONGEST_GRACE = timedelta(days=90)

_CURRENCY = re.compile(r"[a-z]{3}", re.ASCII)
_STRIPE_ID = re.compile(r"[A-Za-z0-9_.:-]{1,255}", re.ASCII)  # made by hand at Stripe, any of these
_CODE_FORM = "must be 1 to 64 of a-z, 0-9 and _.:- and begin with a letter or digit"

_Errors = Iterator[FieldError]


def check_catalog(catalog: Catalog) -> None:
    """Refuse a catalog that cannot work.

    Raises:
        InvalidInput: `errors` names each field that is wrong, such as
            `products[0].prices[1].currency`.
    """
    errors = (*_features(catalog), *_products(catalog), *_unique_ids(catalog), *_policy(catalog))
    if errors:
        raise InvalidInput("The catalog cannot be put.", errors=errors)


def value_error(feature: Feature, value: FeatureValue) -> str | None:
    """Say why a value does not fit its feature; `None` where it does."""
    match feature.type:
        case FeatureType.BOOLEAN:
            fits, wanted = isinstance(value, bool), "true or false"
        case FeatureType.LIMIT:
            whole = isinstance(value, int) and not isinstance(value, bool)
            fits = value == UNLIMITED or (whole and 0 <= int(value) <= LARGEST_LIMIT)
            wanted = f"a whole number from 0, or '{UNLIMITED}'"
        case FeatureType.SETTING:
            fits = isinstance(value, str) and is_clean(value, 1, 256)
            wanted = "text of 1 to 256 characters"
    return None if fits else f"must be {wanted}: '{feature.code}' is a {feature.type}"


def _features(catalog: Catalog) -> _Errors:
    for index, feature in enumerate(catalog.features):
        path = f"features[{index}]"
        yield from _code(f"{path}.code", feature.code)
        yield from _text(f"{path}.name", feature.name, shortest=0)
        if feature.stripe_lookup_key is not None:
            lookup_key = feature.stripe_lookup_key
            yield from _text(f"{path}.stripe_lookup_key", lookup_key, longest=LONGEST_LOOKUP_KEY)
        if feature.merge is Merge.SUM and feature.type is not FeatureType.LIMIT:
            yield FieldError(f"{path}.merge", "can be 'sum' for a limit only")


def _products(catalog: Catalog) -> _Errors:
    features = {feature.code: feature for feature in catalog.features}
    for index, product in enumerate(catalog.products):
        path = f"products[{index}]"
        yield from _product(path, product, features)
        for number, price in enumerate(product.prices):
            yield from _price(f"{path}.prices[{number}]", price)


def _product(path: str, product: Product, features: dict[str, Feature]) -> _Errors:
    yield from _code(f"{path}.id", product.id)
    yield from _text(f"{path}.name", product.name)
    yield from _stripe_id(f"{path}.stripe_product_id", product.stripe_product_id)
    days = product.validity_days
    if days is not None and not 0 < days <= LONGEST_VALIDITY_DAYS:
        yield FieldError(
            f"{path}.validity_days", f"must be 1 to {LONGEST_VALIDITY_DAYS}, or null for life"
        )
    for code, value in product.features.items():
        feature = features.get(code)
        error = value_error(feature, value) if feature else "is not among the catalog's features"
        if error:
            yield FieldError(f"{path}.features.{code}", error)


def _price(path: str, price: Price) -> _Errors:
    yield from _code(f"{path}.id", price.id)
    yield from _stripe_id(f"{path}.stripe_price_id", price.stripe_price_id)
    if not _CURRENCY.fullmatch(price.currency):
        yield FieldError(f"{path}.currency", "must be three lower-case letters (ISO 4217)")
    if not 0 <= price.unit_amount <= LARGEST_AMOUNT:
        yield FieldError(
            f"{path}.unit_amount", f"must be 0 to {LARGEST_AMOUNT}, in the currency's minor unit"
        )
    yield from _interval(path, price)


def _interval(path: str, price: Price) -> _Errors:
    if price.type is PriceType.ONE_TIME:
        if price.interval is not None:
            yield FieldError(f"{path}.interval", "must be left out of a one-time price")
        elif price.interval_count != 1:
            yield FieldError(f"{path}.interval_count", "must be left out of a one-time price")
        return
    longest = LONGEST_INTERVALS.get(price.interval or "")
    if longest is None:
        yield FieldError(f"{path}.interval", f"must be one of {', '.join(LONGEST_INTERVALS)}")
    elif not 1 <= price.interval_count <= longest:
        yield FieldError(
            f"{path}.interval_count", f"must be 1 to {longest} for the interval '{price.interval}'"
        )


def _unique_ids(catalog: Catalog) -> _Errors:
    products = [(f"products[{i}]", product) for i, product in enumerate(catalog.products)]
    prices = [
        (f"{path}.prices[{number}]", price)
        for path, product in products
        for number, price in enumerate(product.prices)
    ]
    yield from _once(
        (f"features[{i}].code", feature.code) for i, feature in enumerate(catalog.features)
    )
    yield from _once((f"{path}.id", product.id) for path, product in products)
    yield from _once((f"{path}.stripe_product_id", p.stripe_product_id) for path, p in products)
    # A price is named by either of its ids, so both share one space.
    yield from _once(
        named
        for path, price in prices
        for named in ((f"{path}.id", price.id), (f"{path}.stripe_price_id", price.stripe_price_id))
    )


def _once(named: Iterable[tuple[str, str | None]]) -> _Errors:
    pairs = [(path, id_) for path, id_ in named if id_ is not None]
    times = Counter(id_ for _, id_ in pairs)
    seen: set[str] = set()
    for path, id_ in pairs:
        if times[id_] > 1 and id_ in seen:
            yield FieldError(path, f"is in the catalog twice: '{id_}'")
        seen.add(id_)


def _policy(catalog: Catalog) -> _Errors:
    policy = catalog.policy
    if not timedelta(0) <= policy.renewal_leeway <= LONGEST_LEEWAY:
        yield FieldError("policy.renewal_leeway_seconds", "must be 0 to 2592000 (30 days)")
    if not timedelta(0) <= policy.grace <= LONGEST_GRACE:
        yield FieldError("policy.grace_seconds", "must be 0 to 7776000 (90 days)")


def _code(path: str, code: str) -> _Errors:
    if not CODE.fullmatch(code):
        yield FieldError(path, _CODE_FORM)


def _stripe_id(path: str, id_: str | None) -> _Errors:
    if id_ is not None and not _STRIPE_ID.fullmatch(id_):
        yield FieldError(path, "must be an id of Stripe's, or null to have it made")


def _text(path: str, text: str, shortest: int = 1, longest: int = LONGEST_NAME) -> _Errors:
    if not is_clean(text, shortest, longest):
        yield FieldError(
            path, f"must be {shortest} to {longest} characters, none of them control ones"
        )
