"""Imports the Stripe customers that an app had before into a project.

FILE has a line a user: `user_id,stripe_customer_id` as CSV, or an object with these names as JSON
lines (.jsonl). It is read whole first: where a line is bad, nothing is sent. What each customer
bought is taken over as Stripe has it now; at Stripe nothing is changed.

It may be killed and started again at any time, and goes on where it was: what is through is noted
in FILE.progress.jsonl. What did not come through is written to FILE.failed, which can be imported
again when its cause is gone. The environment gives the service's address, API, and an operator's
key, ADMIN_KEY. docs/migration.md tells it step by step.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from local.console import LocalError, say
from local.importing.file import Line, read
from local.importing.journal import SETTLED, Journal, why, write_failed
from local.importing.progress import Progress
from local.importing.sender import Sender

EXAMPLES = 5
"""Customers of each outcome that are shown."""

Json = dict[str, Any]


def main(arguments: list[str] | None = None) -> int:
    """Import a file.

    Returns:
        The exit status: 0 where all came through; 1 where not, with a message; 130 if interrupted.
    """
    given = _parser().parse_args(arguments)
    try:
        api, key = _service()
        lines = read(given.file, may_have_several=given.several_customers)
        sender = Sender(
            *(api, key, given.project, given.reason or f"import of {given.file.name}"),
            dry_run=given.dry_run,
            may_have_several=given.several_customers,
        )
        return _run(given.file, lines, sender)
    except KeyboardInterrupt:
        print("\nInterrupted; the same command goes on from there.", file=sys.stderr)
        return 130
    except LocalError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.importing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--project", required=True, help="the project's id")
    parser.add_argument("--file", required=True, type=Path, help="the customers, a line each")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
    parser.add_argument("--reason", default="", help="words for the accounts' history")
    parser.add_argument(
        "--several-customers",
        action="store_true",
        help="let a user have several customers; the portal opens for the first",
    )
    return parser


def _service() -> tuple[str, str]:
    """Read where the service is, and the operator's key, which no argument shows to others."""
    api, key = os.environ.get("API", "").rstrip("/"), os.environ.get("ADMIN_KEY", "")
    if not (api and key):
        message = "API and ADMIN_KEY are not set: docs/operations.md, The shell."
        raise LocalError(message)
    return api, key


def _run(file: Path, lines: list[Line], sender: Sender) -> int:
    journal = Journal.beside(file, sender.project_id, sender.api)
    wanted = lines if sender.dry_run else [line for line in lines if not journal.has(line)]
    if len(wanted) < len(lines):
        say(f"{len(lines) - len(wanted)} of {len(lines)} are through already ({journal.path}).")
    progress, results = Progress(len(wanted), sys.stderr), list[Json]()
    with nullcontext() if sender.dry_run else journal:
        try:
            for some in sender.send(wanted):
                journal.note(some)
                results += some
                progress.add([result["outcome"] for result in some])
        finally:
            progress.end()
    return _tell(file, lines, results, dry_run=sender.dry_run)


def _tell(file: Path, lines: list[Line], results: list[Json], *, dry_run: bool) -> int:
    counts = Counter(str(result["outcome"]) for result in results)
    taken = {name: sum(each[name] for each in results) for name in ("subscriptions", "purchases")}
    say(f"{len(results)} customers {'would be' if dry_run else 'are'}:")
    for outcome, count in sorted(counts.items()):
        say(f"  {count:6} {outcome}")
    verb = "would have" if dry_run else "have"
    say(f"They {verb} {taken['subscriptions']} subscriptions and {taken['purchases']} purchases.")
    failed = [result for result in results if result["outcome"] not in SETTLED]
    _show_examples(lines, failed)
    if dry_run:
        return 1 if failed else 0
    path = write_failed(file, failed)
    if path:
        say(f"{len(failed)} did not come through whole: {path}")
    return 1 if failed else 0


def _show_examples(lines: list[Line], failed: list[Json]) -> None:
    """Show some of what did not come through, and what would have to be in the catalog."""
    numbers = {(line.user_id, line.customer_id): line.number for line in lines}
    shown: Counter[str] = Counter()
    for each in failed:
        shown[each["outcome"]] += 1
        if shown[each["outcome"]] <= EXAMPLES:
            number = numbers[each["user_id"], each["customer_id"]]
            say(f"  line {number}, {each['customer_id']}: {why(each)}")
    details = Counter(left["detail"] for each in failed for left in each["left_out"])
    if details:
        say("What was left out, and how often:")
        for detail, count in details.most_common(20):
            say(f"  {count:6} {detail}")


if __name__ == "__main__":
    sys.exit(main())
