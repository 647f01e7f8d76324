"""What the contract tests share with the integration tests."""

from __future__ import annotations

from tests.integration.conftest import clock, deployment

__all__ = ["clock", "deployment"]
