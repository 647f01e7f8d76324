"""What can go wrong, by name: each error carries what the service said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of the input."""

    field: str
    message: str


class BillingError(Exception):
    """The root of all.

    Attributes:
        detail: for people: what happened, and what to do about it.
        code: for programs: the service's word for it, such as `already_subscribed`.
        status: the HTTP status; `None` where no answer came.
        request_id: what the service's operators find it by.
        retry_after: seconds after which trying again makes sense; `None` where it does not.
        errors: for input, what is wrong with each field.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str = "client_error",
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        errors: Sequence[FieldProblem] = (),
    ) -> None:
        named = f" (request {request_id})" if request_id else ""
        super().__init__(f"{code}: {detail}{named}")
        self.detail = detail
        self.code = code
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.errors = tuple(errors)


class Unavailable(BillingError):
    """No answer for now: nobody answered, too slowly, or with trouble that passes."""


class RateLimited(Unavailable):
    """The service takes no more for the moment."""


class InvalidInput(BillingError):
    """The request is wrong and stays wrong; `errors` names the fields."""


class Unauthenticated(BillingError):
    """The API key is not, or no longer, valid."""


class Forbidden(BillingError):
    """The API key may not do this."""


class NotFound(BillingError):
    """There is no such thing."""


class UnknownCustomer(NotFound):
    """The user never started a checkout, so there is no portal to open."""


class Conflict(BillingError):
    """The present state does not allow this."""


class AlreadySubscribed(Conflict):
    """The user has this product: open the portal to change the plan."""


class InvalidToken(BillingError):
    """A signed snapshot does not hold: forged, expired, for somebody else, or not one."""


class InvalidPush(BillingError):
    """A webhook that is not, or not provably, from the service.

    `status` is what to answer it with: 400, 401 or 413.
    """


BY_CODE: Mapping[str, type[BillingError]] = {
    "already_subscribed": AlreadySubscribed,
    "unknown_customer": UnknownCustomer,
}
BY_STATUS: Mapping[int, type[BillingError]] = {
    400: InvalidInput,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidInput,
    422: InvalidInput,
    429: RateLimited,
}


def error_of(status: int, problem: Mapping[str, Any], retry_after: float | None) -> BillingError:
    """Build the error for an answer.

    Args:
        status: the HTTP status, 400 or more.
        problem: the RFC 9457 body; empty where a gateway answered in another form.
        retry_after: seconds, as the header says.
    """
    code = str(problem.get("code") or f"http_{status}")
    kind = BY_CODE.get(code) or BY_STATUS.get(status)
    if kind is None:
        kind = Unavailable if status >= 500 else BillingError
    listed = problem.get("errors")
    fields = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return kind(
        str(problem.get("detail") or f"the service answered {status}"),
        code=code,
        status=status,
        request_id=_text(problem.get("request_id")),
        retry_after=retry_after,
        errors=[FieldProblem(str(e.get("field")), str(e.get("message"))) for e in fields],
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
