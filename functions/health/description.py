"""The description of the API, which lies beside this module as `openapi.json`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("openapi.json")


@dataclass(frozen=True, slots=True)
class Description:
    """The description as it is sent, and a tag that changes with it."""

    text: str
    etag: str


def read_description() -> Description:
    """Read it, without the blanks that only people need."""
    text = json.dumps(json.loads(_FILE.read_text("utf-8")), separators=(",", ":"))
    return Description(text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"')
