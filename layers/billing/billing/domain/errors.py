"""Every error that a caller can see: each knows its HTTP status, its code and the remedy.

`billing.reply` is the only place that renders them, as `application/problem+json` (RFC 9457).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input."""

    field: str
    message: str


class BillingError(Exception):
    """The root of all errors that are answered to a caller.

    Attributes:
        status: the HTTP status.
        code: a stable word that programs may branch on.
        title: what went wrong, the same for every occurrence of the code.
        remedy: what the caller can do about it.
        retry_after: seconds after which trying again makes sense, where it does.
    """

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"
    remedy = "Try again; if it stays, send the request_id to the operators."
    retry_after: int | None = None

    def __init__(self, detail: str = "", *, errors: tuple[FieldError, ...] = ()) -> None:
        """Say what happened in `detail`; the class's remedy is appended to it."""
        self.detail = f"{detail} {self.remedy}".strip()
        self.errors = errors
        super().__init__(self.detail)


class MalformedRequest(BillingError):
    """The request cannot be read at all."""

    status = 400
    code = "malformed_request"
    title = "The request cannot be read"
    remedy = "Send what the API reference describes."


class Unauthenticated(BillingError):
    """No key, or one that is unknown, revoked, expired or mistyped."""

    status = 401
    code = "unauthenticated"
    title = "The API key is missing or not valid"
    remedy = "Send a current key as 'Authorization: Bearer KEY'."


class Forbidden(BillingError):
    """The key is good, but not for this."""

    status = 403
    code = "forbidden"
    title = "The API key may not do this"
    remedy = "Use a key of that project with the scope that the API reference names."


class RoleLacksPermission(Forbidden):
    """The operator's key is good, but its role does not permit this."""

    code = "role_lacks_permission"
    title = "The operator's role does not permit this"
    remedy = "Ask an owner to do it, or for a key of such a role."


class NotFound(BillingError):
    """What was named does not exist for this caller."""

    status = 404
    code = "not_found"
    title = "There is no such thing"
    remedy = "Check the identifier and the project of the key."


class NoSuchRoute(NotFound):
    """No function serves this path with this method."""

    code = "no_such_route"
    title = "There is no such route"
    remedy = "Compare path and method with the API reference (docs/api.md)."


class Conflict(BillingError):
    """The state of things does not allow it."""

    status = 409
    code = "conflict"
    title = "The present state does not allow this"
    remedy = "Look at the present state and decide again."


class AlreadySubscribed(Conflict):
    """The user already holds an active subscription to the product."""

    code = "already_subscribed"
    title = "The user already has this product"
    remedy = "Open the customer portal (POST /api/v1/portal/create-session) to change the plan."


class AlreadyGranted(Conflict):
    """The user already holds an active manual grant of the feature."""

    code = "already_granted"
    title = "The user already has an active grant of this feature"
    remedy = "Revoke the present grant first, or leave it."


class IdempotencyKeyReused(Conflict):
    """The Idempotency-Key was used before with other parameters."""

    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used with other parameters"
    remedy = "Use a new key for a new request, and the same parameters to repeat an old one."


class BelongsToOtherAccount(Conflict):
    """An id of Stripe's is another account's."""

    code = "belongs_to_other_account"
    title = "The Stripe customer belongs to another account"
    remedy = "Look at that account; a Stripe id is never moved from one account to another."


class VersionConflict(Conflict):
    """The document changed since it was read."""

    code = "version_conflict"
    title = "The document was changed by somebody else"
    remedy = "Read it again, apply the change to what you read, and send that."


class PayloadTooLarge(BillingError):
    """The body is larger than this route takes."""

    status = 413
    code = "payload_too_large"
    title = "The body is too large"
    remedy = "Send a smaller one."


class InvalidInput(BillingError):
    """The request is well-formed, but says something that cannot be."""

    status = 422
    code = "invalid_input"
    title = "The input is not valid"
    remedy = "Correct the fields that 'errors' names."

    @classmethod
    def field(cls, field: str, message: str) -> InvalidInput:
        """Build the error of a single field."""
        return cls(f"{field}: {message}.", errors=(FieldError(field, message),))


class TooManyRequests(BillingError):
    """The caller asks faster than it may."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"
    remedy = "Wait as long as Retry-After says."
    retry_after = 1

    def __init__(self, detail: str = "", *, wait: int = 1) -> None:
        """Say what was too much, and the whole seconds after which one request more is taken."""
        super().__init__(detail)
        self.retry_after = wait


class StripeRejected(BillingError):
    """Stripe did not accept what the service sent: our fault or the account's configuration."""

    status = 502
    code = "stripe_rejected"
    title = "Stripe did not accept the request"
    remedy = "Check the catalog's Stripe ids and the Stripe account's settings, then try again."
    retry_after = 5


class TryAgain(BillingError):
    """Trouble that passes by itself: a retry of the same request is safe."""

    status = 503
    code = "try_again"
    title = "The service cannot answer right now"
    remedy = "Try the same request again in a moment."
    retry_after = 2


class StripeUnavailable(TryAgain):
    """Stripe cannot be reached, is rate limiting, or fails."""

    code = "stripe_unavailable"
    title = "Stripe cannot be reached right now"


class ContentionTooHigh(TryAgain):
    """Too many writers changed the same account at once."""

    code = "contention"
    title = "The account is being changed by others right now"


class NotConfigured(TryAgain):
    """A secret or setting that this route needs is not set; it refuses to serve without."""

    code = "not_configured"
    title = "The service is not configured for this yet"
    remedy = "An operator must set the secret that docs/operations.md names."
    retry_after = 60


class Standby(TryAgain):
    """This region only answers checks: there is one region at a time that changes anything."""

    code = "standby"
    title = "This region does not take changes"
    remedy = "Ask the active region; while a region takes over, try again in a minute."
    retry_after = 60
