"""Figures that tests record (`record_property`) are told at the end of the run, added up.

What is recorded in words is told line by line.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings as hypothesis_settings

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

hypothesis_settings.register_profile("ci", derandomize=True, deadline=None, database=None)
hypothesis_settings.register_profile("soak", deadline=None, database=None, print_blob=True)
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Tell how much was tried."""
    figures: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport) and report.when == "call":
                figures.update({k: v for k, v in report.user_properties if isinstance(v, int)})
                words = [f"{k}: {v}" for k, v in report.user_properties if isinstance(v, str)]
                terminalreporter.write("".join(f"{line}\n" for line in words))
    if figures:
        told = ", ".join(f"{figures[name]:,} {name}" for name in sorted(figures))
        terminalreporter.write_line(f"tried: {told}")
