"""Takes everything that the service remembers out of its tables, and puts it back.

`make backup STAGE=… FOLDER=…`, `make restore STAGE=… FOLDER=…`, and `make compare` of the two;
`make drill` does it all on the local stack: back up, wipe, restore, compare. A folder has a file a
table, an item a line, as DynamoDB's own exports have them, so what `aws dynamodb
export-table-to-point-in-time` wrote can be restored as well (docs/deployment.md). What is not whole
is neither restored nor compared.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.backup_tables import Tables
from local.console import LocalError, say


def main(arguments: list[str] | None = None) -> int:
    """Do one step.

    Returns:
        The exit status: 0, or 1 with a message on stderr; 1 too where a comparison finds anything.
    """
    given = _parser().parse_args(arguments)
    try:
        return _do(given.step, Tables(given.stack), given.folder, resume=given.resume)
    except (BotoCoreError, ClientError, LocalError, OSError, ValueError) as error:
        print(f"{given.step} failed: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.backup", description=__doc__)
    parser.add_argument("step", choices=["backup", "restore", "compare", "wipe", "drill"])
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    parser.add_argument(
        "--folder", required=True, type=Path, help="where the export is, or will be"
    )
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted restore")
    return parser


def _do(step: str, tables: Tables, folder: Path, *, resume: bool) -> int:
    match step:
        case "backup":
            tables.export(folder)
        case "restore":
            tables.restore(folder, resume=resume)
        case "compare":
            return int(tables.compare(folder) > 0)
        case "wipe":
            tables.wipe()
        case "drill":
            return _drill(tables, folder)
    return 0


def _drill(tables: Tables, folder: Path) -> int:
    """Lose everything, and have it back."""
    say("▸ Back up")
    tables.export(folder)
    say("▸ Wipe")
    tables.wipe()
    say("▸ Restore")
    tables.restore(folder, resume=False)
    say("▸ Compare")
    differing = tables.compare(folder)
    say("The state is equal." if not differing else f"{differing} items differ.")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
