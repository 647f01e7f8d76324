"""Words that mean the same wherever they are sent, and the bounds that the services put on them."""

from __future__ import annotations

from billing.adapters.stripe.orders import RESERVED_METADATA
from billing.auth import PROJECT_SCOPES
from billing.domain.catalog import CODE, PROJECT_ID
from billing.domain.changes import ParkReason
from billing.domain.delivery import DeliveryState
from billing.services import check_catalog, manage_keys, manage_projects
from functions.admin.events_wire import STATES
from functions.admin.paging import DEFAULT_LIMIT, LARGEST_LIMIT
from functions.admin.schemas import LONGEST_REASON
from functions.checkout.schemas import METADATA_ENTRIES
from local.openapi.operation import Json, Parameter

_NO_CONTROL = r"^[^\u0000-\u001f\u007f-\u009f]*$"

SHARED: dict[str, Json] = {
    "UserId": {
        "type": "string",
        "minLength": 1,
        "maxLength": 256,
        "pattern": _NO_CONTROL,
        "description": "Any Unicode text without control characters, used exactly as given.",
    },
    "ProjectId": {"type": "string", "pattern": f"^{PROJECT_ID.pattern}$"},
    "Reason": {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_REASON,
        "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f]"
        r"[^\u0000-\u001f\u007f-\u009f]*$",
        "description": "Kept in the account's history.",
    },
    "FeatureValue": {
        "anyOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "string"}],
        "description": 'True for a boolean feature; a whole number or "unlimited" for a limit; '
        "text for a setting.",
    },
    "Instant": {
        "type": "string",
        "format": "date-time",
        "description": "ISO 8601 with a time zone, of the years 2000 to 8999.",
    },
    "Cursor": {"type": "string", "description": "The `next_cursor` of the answer before."},
}
"""Schemas by the names under which the description has them."""


def ref(name: str) -> Json:
    """Refer to a schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def _text(longest: int, shortest: int = 1) -> Json:
    return {
        "type": "string",
        "minLength": shortest,
        "maxLength": longest,
        "pattern": _NO_CONTROL,
    }


_CODE: Json = {"type": "string", "pattern": f"^{CODE.pattern}$"}

FORMS: dict[str, Json] = {
    "user_id": ref("UserId"),
    "project_id": ref("ProjectId"),
    "reason": ref("Reason"),
    "revoke_reason": ref("Reason"),
    "value": ref("FeatureValue"),
    "valid_from": ref("Instant"),
    "valid_to": ref("Instant"),
    "expires_at": ref("Instant"),
    "since": ref("Instant"),
    "cursor": ref("Cursor"),
    "CheckoutRequest.metadata": {
        "type": "object",
        "maxProperties": METADATA_ENTRIES,
        "propertyNames": {
            "minLength": 1,
            "maxLength": 40,
            "pattern": r"^[^\[\]]+$",
            "not": {"enum": sorted(RESERVED_METADATA)},
        },
        "additionalProperties": {"type": "string", "maxLength": 500},
    },
    "NewProject.id": ref("ProjectId"),
    "NewProject.name": _text(manage_projects.LONGEST_NAME),
    "ProjectUpdate.name": _text(manage_projects.LONGEST_NAME),
    "NewKey.name": _text(manage_keys.LONGEST_NAME),
    "ReplayRequest.reason": ref("ParkReason"),
    "FeatureDocument.code": _CODE,
    "FeatureDocument.name": _text(check_catalog.LONGEST_NAME, 0),
    "ProductDocument.id": _CODE,
    "ProductDocument.name": _text(check_catalog.LONGEST_NAME),
    "PriceDocument.id": _CODE,
    "PriceDocument.currency": {"type": "string", "pattern": "^[a-z]{3}$"},
    "PriceDocument.unit_amount": {
        "type": "integer",
        "minimum": 0,
        "maximum": check_catalog.LARGEST_AMOUNT,
    },
    "PriceDocument.interval": {"type": "string", "enum": list(check_catalog.LONGEST_INTERVALS)},
    "ProductDocument.validity_days": {
        "type": "integer",
        "minimum": 1,
        "maximum": check_catalog.LONGEST_VALIDITY_DAYS,
    },
}
"""The form of a field of a request, by its name or by `Model.name`."""

ITEMS: dict[str, Json] = {
    "allowed_origins": {"maxItems": manage_projects.MOST_ORIGINS},
    "scopes": {
        "minItems": 1,
        "items": {"type": "string", "enum": [*sorted(PROJECT_SCOPES), "admin"]},
    },
    "user_ids": {"items": ref("UserId")},
    "ProductDocument.features": {"additionalProperties": ref("FeatureValue")},
}
"""More about lists and maps of a request, likewise."""

PATH: dict[str, Parameter] = {
    parameter.name: parameter
    for parameter in (
        Parameter("project_id", ref("ProjectId"), "The project."),
        Parameter("user_id", ref("UserId"), "The project's name of the user."),
        Parameter("key_id", {"type": "string", "minLength": 1}, "The key's id; not the key."),
        Parameter("event_id", {"type": "string", "minLength": 1}, "The id of an event or command."),
        Parameter("run_id", {"type": "string", "minLength": 1}, "The id of a run."),
        Parameter("endpoint_id", {"type": "string", "minLength": 1}, "The endpoint's id."),
        Parameter("delivery_id", {"type": "string", "minLength": 1}, "The delivery's id."),
    )
}
"""What stands in a path."""

USER_ID = Parameter("user_id", ref("UserId"), "The project's name of the user.")
PROJECT = Parameter("project_id", ref("ProjectId"), "The project.")
KEYS_PROJECT = Parameter(
    "project_id", ref("ProjectId"), "Needed with an operator's key; beside another, the key's own."
)
FEATURE_CODE = Parameter("feature_code", {"type": "string", "minLength": 1}, "The feature.")
INCLUDE = Parameter(
    "include",
    {"type": "string", "enum": ["inactive"]},
    "Adds ended and future access, with `is_active: false`.",
)
ANY_ID = Parameter(
    "id", {"type": "string", "minLength": 1}, "Of Stripe's, of a grant, of an event or a command."
)
AT = Parameter("at", ref("Instant"), "The instant that is asked about; now by default.")
DRY_RUN = Parameter(
    "dry_run",
    {"type": "string", "enum": ["true", "false"], "default": "false"},
    "Says what would change, and changes nothing.",
)
LIMIT = Parameter(
    "limit",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    "How many a page may have.",
)
CURSOR = Parameter("cursor", ref("Cursor"), "Where to go on.")
PARK_REASON = Parameter(
    "reason", {"type": "string", "enum": [reason.value for reason in ParkReason]}, "Why parked."
)
PARKED_STATE = Parameter(
    "state",
    {"type": "string", "enum": [state.value for state in STATES], "default": "parked"},
    "Of the one list or the other.",
)
OLDER_THAN = Parameter(
    "older_than_seconds",
    {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "Parked at least so long.",
)
DELIVERY_STATE = Parameter(
    "state",
    {"type": "string", "enum": [state.value for state in DeliveryState]},
    "Only those that stand so.",
)
TOKEN = Parameter(
    "token",
    {"type": "string", "enum": ["true", "false"]},
    "`true` answers with a signed token, as `Accept: application/jwt` does.",
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    "The same key with the same body has one effect and one answer.",
    place="header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    {"type": "string"},
    "The `ETag` of an answer that is known; while it is still true, 304 is answered.",
    place="header",
)
STRIPE_SIGNATURE = Parameter(
    "Stripe-Signature",
    {"type": "string", "examples": ["t=1793610000,v1=0123abcd"]},
    "`t=SECONDS,v1=HEX`, as Stripe signs the body.",
    required=True,
    place="header",
)
