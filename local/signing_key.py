"""Makes the key that signs access tokens, and rotates it: `make signing-key STAGE=…`.

One step a run, so that no token ever meets a verifier that cannot know its key:

1. The first run makes a key, which signs at once.
2. A later run makes the next key, which is published and does not sign yet.
3. The run after that, `OVERLAP` later or more, lets the next key sign; the one before it stays
   published, until the next rotation takes its place.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from billing.adapters.token_keys import new_key, token_key
from local import deploy
from local.place import STACK_NAME, Place

OVERLAP = timedelta(minutes=15)
"""For how long a key is published before it signs, and after: functions keep the secret for five
minutes, verifiers the keys for five, and a token lives for five."""

SECRET = "AccessTokenKeysSecret"  # noqa: S105 - its name in the template

Fields = dict[str, str]


def step(
    fields: Fields, now: datetime, make: Callable[[], str] = new_key
) -> tuple[Fields | None, str]:
    """Decide the next step of a rotation.

    Returns:
        What the secret shall hold, `None` for what it holds already, and a sentence about it.
    """
    if "current" not in fields:
        made = make()
        return {"current": made}, f"The first key, {_kid(made)}, signs within five minutes."
    if "next" not in fields:
        made = make()
        kept = {name: key for name, key in fields.items() if name in {"current", "previous"}}
        promoted = f"run this again after {now + OVERLAP:%H:%M} UTC to let it sign"
        return (
            {**kept, "next": made, "next_since": now.isoformat()},
            f"The next key, {_kid(made)}, is published; {promoted}.",
        )
    due = datetime.fromisoformat(fields["next_since"]) + OVERLAP
    if now < due:
        return None, f"The next key may not sign before {due:%Y-%m-%d %H:%M:%S} UTC."
    turned = {"current": fields["next"], "previous": fields["current"]}
    kid = _kid(fields["next"])
    return turned, f"{kid} signs within five minutes; the key before it stays published."


def _kid(key: str) -> str:
    return token_key(key).kid


def main(arguments: list[str] | None = None) -> int:
    """Make one step and say which.

    Returns:
        The exit status: 0, or 1 with a message on stderr where nothing was changed.
    """
    parser = argparse.ArgumentParser(prog="python -m local.signing_key", description=__doc__)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    given = parser.parse_args(arguments)
    try:
        is_made, sentence = advance(*find(given.stack), datetime.now(UTC))
    except (BotoCoreError, ClientError) as error:
        print(f"The keys are as they were: {error}", file=sys.stderr)
        return 1
    print(sentence, file=sys.stdout if is_made else sys.stderr)
    return 0 if is_made else 1


def advance(secrets: Any, secret_id: str, now: datetime) -> tuple[bool, str]:  # noqa: ANN401 - boto3 makes its clients' types at run time
    """Make one step; return whether there was one to make, and a sentence about it."""
    fields = json.loads(secrets.get_secret_value(SecretId=secret_id)["SecretString"])
    wanted, sentence = step(fields, now)
    if wanted is not None:
        secrets.put_secret_value(SecretId=secret_id, SecretString=json.dumps(wanted))
    return wanted is not None, sentence


def find(stack: str) -> tuple[Any, str]:
    """Find the secret of a deployed stack: on AWS, or of the local stack by its name."""
    place = Place.from_environment() if stack == STACK_NAME else None
    secrets, formation = (
        deploy.client(name, place) if place else boto3.client(name)
        for name in ("secretsmanager", "cloudformation")
    )
    found = formation.describe_stack_resource(StackName=stack, LogicalResourceId=SECRET)
    return secrets, str(found["StackResourceDetail"]["PhysicalResourceId"])


if __name__ == "__main__":
    sys.exit(main())
