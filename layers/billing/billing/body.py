"""A body that fits a schema, or an error that names each field that does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from billing.domain.errors import FieldError, InvalidInput
from billing.request import BODY_LIMIT, read_json

if TYPE_CHECKING:
    from pydantic import BaseModel

_Body = TypeVar("_Body", bound="BaseModel")


def read_body(event: Mapping[str, Any], model: type[_Body], limit: int = BODY_LIMIT) -> _Body:
    """Return the body as the wire schema `model`.

    Raises:
        InvalidInput: a field is missing, unknown, or not of its type; `errors` names each.
        MalformedRequest, PayloadTooLarge: as `read_json`.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - not every function has bodies to validate

    try:
        return model.model_validate(read_json(event, limit))
    except ValidationError as error:
        raise InvalidInput(
            "The body does not fit this route.",
            errors=tuple(
                FieldError(_path(e["loc"]), e["msg"])
                for e in error.errors(include_url=False, include_context=False, include_input=False)
            ),
        ) from error


def _path(location: tuple[int | str, ...]) -> str:
    """Write where a field is, such as `products[0].prices[1].currency`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".") or "body"
