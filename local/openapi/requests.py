"""Requests that the code reads by hand, since pydantic's import costs too much there."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from functions.entitlements.wire import MOST_USERS


class EntitlementsBatchRequest(BaseModel):
    """Whose access is asked for.

    Attributes:
        project_id: needed with an operator's key.
    """

    model_config = ConfigDict(extra="forbid")

    user_ids: Annotated[list[str], Field(min_length=1, max_length=MOST_USERS)]
    project_id: str | None = None


class StripeEvent(BaseModel):
    """An event as Stripe sends it, in the shape of any API version."""

    id: Annotated[str, Field(min_length=1)]
    type: Annotated[str, Field(min_length=1)]
