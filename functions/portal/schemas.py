"""What goes over the wire of `POST /api/v1/portal/create-session`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from billing.services.open_portal import PortalLink


class PortalRequest(BaseModel):
    """A portal to be opened. A field that is not listed is refused, so that typos surface."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    user_id: str
    return_url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    project_id: str | None = None


class PortalResponse(BaseModel):
    """A page to send the user to at once."""

    portal_url: str
    expires_at: datetime

    @classmethod
    def of(cls, link: PortalLink) -> PortalResponse:
        """Say a link in the words of the wire."""
        return cls(portal_url=link.url, expires_at=link.expires_at)
