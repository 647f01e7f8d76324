"""Writes `docs/openapi.json`: `PYTHONPATH=layers/billing python -m local.openapi`."""

from __future__ import annotations

from local.openapi.document import DESCRIPTION, text

if __name__ == "__main__":
    DESCRIPTION.write_text(text())
    print(f"wrote {DESCRIPTION.name}")
