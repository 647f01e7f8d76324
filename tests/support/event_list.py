"""The webhook endpoint's events in `docs/operations.md`, from `EVENT_HANDLERS`.

`PYTHONPATH=layers/billing python -m tests.support.event_list` writes it, from the project's root.
"""

from __future__ import annotations

import re
from pathlib import Path

from billing.adapters.stripe.calls import API_VERSION
from billing.services.apply_stripe_event import EVENT_HANDLERS

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
BLOCK = re.compile(r"(<!-- event types: .*? -->\n)(.*?)(<!-- /event types -->\n)", re.S)


def command() -> str:
    """The command that creates the endpoint, in Markdown."""
    lines = [
        'curl -sS https://api.stripe.com/v1/webhook_endpoints -u "$STRIPE_API_KEY:"',
        f'-d url="$(output WebhookUrl)" -d api_version={API_VERSION}',
        *(f'-d "enabled_events[]={type_}"' for type_ in sorted(EVENT_HANDLERS)),
    ]
    return "   ```sh\n   " + " \\\n     ".join(lines) + "\n   ```\n"


def written() -> str:
    """The command as it stands in the document."""
    found = BLOCK.search(OPERATIONS.read_text())
    return found[2] if found else ""


def write() -> None:
    """Bring the document up to date."""
    text = BLOCK.sub(lambda found: found[1] + command() + found[3], OPERATIONS.read_text())
    OPERATIONS.write_text(text)


if __name__ == "__main__":
    write()
