"""What the contract tests share with the integration tests."""

from __future__ import annotations

from tests.integration.conftest import bridge, clock, deployment

__all__ = ["bridge", "clock", "deployment"]
