"""Runs Notes against the local stack: `make up`, then `make example`, then Ctrl-C.

What an operator does once for an app is done here with the stack's admin key: the endpoint is
registered to which the service pushes. The app itself gets a project's key and a signing secret.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from client.examples.notes.app import Settings, create_app

HOST = "127.0.0.1"
STACK = Path(os.environ.get("BILLING_STATE_DIR", ".local")) / "stack.json"


def main() -> int:
    """Serve until Ctrl-C; the exit status."""
    if not STACK.exists():
        print(f"Nothing runs here ({STACK} is missing): `make up` first.", file=sys.stderr)
        return 1
    stack = json.loads(STACK.read_text())
    port = int(os.environ.get("PORT", "8010"))
    with registered(stack, f"http://{HOST}:{port}/billing/events") as secret:
        settings = Settings(
            billing_url=stack["api_url"],
            api_key=stack["project_key"],
            secrets=(secret,),
            app_url=f"http://localhost:{port}/",
            price=stack["prices"]["pro_monthly"],
            patience=20,  # the emulator starts a function for as long
        )
        print(f"\n  Notes    {settings.app_url}\n  Ctrl-C ends it.\n", flush=True)
        uvicorn.run(create_app(settings), host=HOST, port=port, log_level="warning")
    return 0


@contextmanager
def registered(stack: dict[str, Any], url: str) -> Iterator[str]:
    """Register an endpoint as long as the app runs; its signing secret."""
    headers = {"Authorization": f"Bearer {stack['admin_key']}"}
    endpoints = f"/api/v1/admin/projects/{stack['project_id']}/endpoints"
    operator = httpx.Client(base_url=stack["api_url"], headers=headers, timeout=30, trust_env=False)
    with operator:
        made = operator.post(endpoints, json={"url": url}).raise_for_status().json()
        try:
            yield made["secret"]
        finally:
            with contextlib.suppress(httpx.HTTPError):  # a stack that is down has forgotten it
                operator.delete(f"{endpoints}/{made['endpoint_id']}")


if __name__ == "__main__":
    sys.exit(main())
