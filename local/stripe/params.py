"""Form parsing: bracketed names to nested values, checked against a table of what is known.

A table maps a name to a rule: a function from the text to the value, a tuple of allowed words,
another table for a hash, or a one-element list for a list of such. What Stripe knows and the fake
does not is refused like what Stripe does not know, so that nothing is ignored in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from local.stripe.errors import ApiError, invalid, missing_param

Rule = Any  # a function, a tuple of words, a table, or a list of one rule; see above
Rules = dict[str, Rule]

_NAME = re.compile(r"[^\[\]]+|\[\]|\[[^\[\]]*\]")
_MAX_METADATA_VALUE = 500
_MAX_METADATA_KEY = 40
_MAX_METADATA_KEYS = 50


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """``a[b][0]=x`` as ``{"a": {"b": {"0": "x"}}}``; lists stay hashes until a rule asks."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        parts = [part.strip("[]") for part in _NAME.findall(name)]
        at = root
        for part in parts[:-1]:
            step = at.setdefault(part or str(len(at)), {})
            if not isinstance(step, dict):
                raise invalid("Invalid request: mixed scalar and hash.", name)
            at = step
        at[parts[-1] or str(len(at))] = value
    return root


def check(given: dict[str, Any], rules: Rules, required: Iterable[str] = ()) -> dict[str, Any]:
    """The typed parameters of a request; raises what Stripe would answer."""
    values = _hash(given, rules, "")
    for name in required:
        if values.get(name) is None:
            raise missing_param(name)
    return values


def _hash(given: dict[str, Any], rules: Rules, path: str) -> dict[str, Any]:
    values = {}
    for name, value in given.items():
        param = f"{path}[{name}]" if path else name
        if name not in rules:
            raise ApiError(
                f"Received unknown parameter: {param}", code="parameter_unknown", param=param
            )
        values[name] = _value(value, rules[name], param)
    return values


def _value(given: Any, rule: Rule, param: str) -> Any:  # noqa: ANN401 - a value of any type
    if isinstance(rule, dict):
        return _hash(given, rule, param) if isinstance(given, dict) else _unset(given, param)
    if isinstance(rule, list):
        return _list(given, rule[0], param)
    if isinstance(rule, tuple):
        return _one_of(given, rule, param)
    return rule(given, param)


def _unset(given: str, param: str) -> None:
    if given:
        raise invalid("Invalid object", param)


def _list(given: Any, rule: Rule, param: str) -> list[Any]:  # noqa: ANN401 - a value of any type
    if given == "":
        return []
    if not isinstance(given, dict) or not all(key.isdigit() for key in given):
        raise invalid("Invalid array", param)
    ordered = sorted(given.items(), key=lambda entry: int(entry[0]))
    return [_value(value, rule, f"{param}[{index}]") for index, (_, value) in enumerate(ordered)]


def _one_of(given: Any, words: tuple[str, ...], param: str) -> str | None:  # noqa: ANN401 - as sent
    if given == "":
        return None
    if given not in words:
        listed = ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else words[0]
        raise invalid(f"Invalid {param}: must be one of {listed}", param)
    return str(given)


def _plain(given: Any, param: str) -> str:  # noqa: ANN401 - as sent
    if isinstance(given, dict):
        raise invalid("Invalid string: a hash was given", param)
    return str(given)


def text(given: Any, param: str) -> str | None:  # noqa: ANN401 - as sent
    """Any text; empty unsets."""
    return _plain(given, param) or None


def text_up_to(limit: int) -> Callable[[Any, str], str | None]:
    """Text of at most ``limit`` characters."""

    def rule(given: Any, param: str) -> str | None:  # noqa: ANN401 - as sent
        value = text(given, param)
        if value is not None and len(value) > limit:
            shown = f"{value[:4]}...{value[-4:]}"
            raise invalid(f"Invalid string: {shown}; must be at most {limit} characters", param)
        return value

    return rule


def filled(given: Any, param: str) -> str:  # noqa: ANN401 - as sent
    """Text that may not be empty."""
    value = _plain(given, param)
    if not value:
        raise ApiError(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{param}' cannot be unset. You should remove '{param}' "
            "from your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=param,
        )
    return value


def integer(given: Any, param: str) -> int | None:  # noqa: ANN401 - as sent
    """A whole number."""
    value = _plain(given, param)
    if not value:
        return None
    if not re.fullmatch(r"-?\d+", value):
        raise invalid(f"Invalid integer: {value}", param, "parameter_invalid_integer")
    return int(value)


def positive(given: Any, param: str) -> int | None:  # noqa: ANN401 - as sent
    """A whole number above zero."""
    value = integer(given, param)
    if value is not None and value < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param, "parameter_invalid_integer"
        )
    return value


def number(given: Any, param: str) -> float | None:  # noqa: ANN401 - as sent
    """A decimal number, such as a percentage."""
    value = _plain(given, param)
    try:
        return float(value) if value else None
    except ValueError as error:
        raise invalid(f"Invalid decimal: {value}", param) from error


def boolean(given: Any, param: str) -> bool | None:  # noqa: ANN401 - as sent
    """``true`` or ``false``."""
    value = _plain(given, param)
    if value not in {"true", "false", ""}:
        raise invalid(f"Invalid boolean: {value}", param)
    return None if value == "" else value == "true"


def url(given: Any, param: str) -> str:  # noqa: ANN401 - as sent
    """An absolute URL with its scheme."""
    value = filled(given, param)
    if not re.match(r"[a-z][a-z0-9+.-]*://", value):
        raise ApiError("Not a valid URL", code="url_invalid", param=param)
    return value


def instant_or_now(given: Any, param: str) -> int | str | None:  # noqa: ANN401 - as sent
    """A Unix time, or the word ``now``."""
    return "now" if given == "now" else integer(given, param)


def span(given: Any, param: str) -> int | dict[str, Any] | None:  # noqa: ANN401 - as sent
    """An exact Unix time, or bounds ``gt``, ``gte``, ``lt``, ``lte``."""
    if isinstance(given, dict):
        return _hash(given, dict.fromkeys(("gt", "gte", "lt", "lte"), integer), param)
    return integer(given, param)


def by_currency(rules: Rules) -> Callable[[Any, str], dict[str, Any]]:
    """A hash by currency, of hashes that these rules check."""

    def check_each(given: Any, param: str) -> dict[str, Any]:  # noqa: ANN401 - as sent
        if not isinstance(given, dict):
            raise invalid("Invalid hash", param)
        return {code: _value(each, rules, f"{param}[{code}]") for code, each in given.items()}

    return check_each


def metadata(given: Any, param: str) -> dict[str, str]:  # noqa: ANN401 - as sent
    """Up to 50 keys of 40 characters with values of 500."""
    if not isinstance(given, dict):
        if given:
            raise invalid("Invalid hash", param)
        return {}
    if len(given) > _MAX_METADATA_KEYS:
        raise invalid("You cannot have more than 50 metadata keys.", param)
    for key, value in given.items():
        _check_entry(key, _plain(value, f"{param}[{key}]"), param)
    return dict(given)


def _check_entry(key: str, value: str, param: str) -> None:
    if len(key) > _MAX_METADATA_KEY:
        raise invalid(
            f"Metadata keys can have up to 40 characters, but you passed in a key that is "
            f"{len(key)} characters. Invalid key: {key}",
            param,
        )
    if len(value) > _MAX_METADATA_VALUE:
        raise invalid(
            f"Metadata values can have up to 500 characters, but you passed in a value that is "
            f"{len(value)} characters. Invalid value: {value[:20]}…",
            f"{param}[{key}]",
        )
