"""The error table of `docs/api.md`, from the code. `python -m tests.support.error_table` writes it.

Run it with `PYTHONPATH=layers/billing`, from the project's root.
"""

from __future__ import annotations

from pathlib import Path

from billing.domain.errors import TooManyRequests
from local.openapi.problems import errors

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "api.md"
BEGIN, END = "<!-- errors -->\n", "<!-- /errors -->\n"


def table() -> str:
    """The table in Markdown."""
    lines = ["| status | code | meaning | remedy | Retry-After |", "|---|---|---|---|---|"]
    for error in errors():
        retry = "" if error.retry_after is None else f"{error.retry_after} s"
        retry = "until there is room" if error is TooManyRequests else retry
        lines.append(
            f"| {error.status} | `{error.code}` | {error.title} | {error.remedy} | {retry} |"
        )
    return "\n".join(lines) + "\n"


def written() -> str:
    """The table as it stands in the reference."""
    return REFERENCE.read_text().partition(BEGIN)[2].partition(END)[0]


def write() -> None:
    """Bring the reference up to date."""
    text = REFERENCE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    REFERENCE.write_text(before + BEGIN + table() + END + after)


if __name__ == "__main__":
    write()
