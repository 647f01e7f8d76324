"""Stripe's errors: what the API answers when it refuses."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer with an ``error`` object; ``status`` is the HTTP status."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        error_type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        error: dict[str, Any] = {"message": message, "type": error_type}
        if code:
            error["code"] = code
            error["doc_url"] = "https://stripe.com/docs/error-codes/" + code.replace("_", "-")
        if param:
            error["param"] = param
        self.error = error | (extra or {})

    def body(self) -> dict[str, Any]:
        """The JSON document of the answer."""
        return {"error": self.error}


def missing_object(kind: str, object_id: str, param: str = "id") -> ApiError:
    """404 when the id is in the path, 400 when another parameter names it."""
    return ApiError(
        f"No such {kind}: '{object_id}'",
        status=404 if param == "id" else 400,
        code="resource_missing",
        param=param,
    )


def missing_param(param: str) -> ApiError:
    """A required parameter is absent."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A parameter was understood and refused."""
    return ApiError(message, code=code, param=param)


def card_declined(charge_id: str, intent: dict[str, Any] | None = None) -> ApiError:
    """402: the card was refused."""
    extra: dict[str, Any] = {"decline_code": "generic_decline", "charge": charge_id}
    if intent is not None:
        extra["payment_intent"] = intent
    return ApiError(
        "Your card was declined.",
        status=402,
        error_type="card_error",
        code="card_declined",
        extra=extra,
    )
