"""Domain values to and from plain JSON values, by the fields and types of their dataclasses."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar

_T = TypeVar("_T")


def to_plain(value: Any) -> Any:  # noqa: ANN401 - any domain value in, any JSON value out
    """Write a domain value as JSON values; fields that hold their default are left out."""
    return _writer(typing.cast("typing.Hashable", type(value)))(value)


@cache
def _writer(kind: type[Any]) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(kind):
        return _dataclass_writer(kind)
    if issubclass(kind, datetime):
        return lambda value: value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if issubclass(kind, timedelta):
        return lambda value: int(value.total_seconds())
    if issubclass(kind, Enum):
        return lambda value: value.value
    if issubclass(kind, Mapping):
        return lambda value: {str(k): to_plain(v) for k, v in value.items()}
    if issubclass(kind, tuple | list):
        return lambda value: [to_plain(v) for v in value]
    if issubclass(kind, frozenset):
        return lambda value: sorted(to_plain(v) for v in value)
    return lambda value: value


def _dataclass_writer(cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    defaults = [(f.name, _default(f)) for f in dataclasses.fields(cls)]

    def write(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an instance of cls
        held = ((name, getattr(value, name), default) for name, default in defaults)
        return {name: to_plain(each) for name, each, default in held if each != default}

    return write


def _default(field: dataclasses.Field[Any]) -> object:
    """Return a field's default; a value of its own, which equals no other, where it has none."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def from_plain(cls: type[_T], value: Any) -> _T:  # noqa: ANN401 - any JSON value
    """Read what `to_plain` wrote of a `cls`. Fields that `cls` no longer has are ignored.

    Raises:
        KeyError, TypeError, ValueError: it was not written from a `cls`.
    """
    read: _T = _reader(typing.cast("typing.Hashable", cls))(value)
    return read


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - any type annotation
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _union_reader([a for a in arguments if a is not type(None)])
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is dict:
        values = _reader(arguments[1])
        return lambda value: {k: values(v) for k, v in value.items()}
    if origin is frozenset:
        members = _reader(arguments[0])
        return lambda value: frozenset(members(v) for v in value)
    if kind is datetime:
        return datetime.fromisoformat
    if kind is timedelta:
        return lambda value: timedelta(seconds=value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(typing.cast("type[Any]", kind))
    return lambda value: value


def _union_reader(members: list[Any]) -> Callable[[Any], Any]:
    if len(members) > 1:  # plain scalars such as FeatureValue need no reading
        return lambda value: value
    member = _reader(members[0])
    return lambda value: None if value is None else member(value)


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if arguments[-1] is Ellipsis:
        member = _reader(arguments[0])
        return lambda value: tuple(member(v) for v in value)
    members = [_reader(a) for a in arguments]
    return lambda value: tuple(read(v) for read, v in zip(members, value, strict=True))


def _dataclass_reader(cls: type[Any]) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    fields = {f.name: _reader(hints[f.name]) for f in dataclasses.fields(cls)}

    def read(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - an instance of cls
        return cls(**{name: fields[name](v) for name, v in value.items() if name in fields})

    return read
