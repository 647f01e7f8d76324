"""Makes an operator's first admin key: `make admin-key STAGE=… OPERATOR=… [ROLE=…]`.

An owner's key opens the admin API, through which all other keys are made; the first one is made by
whoever may write to the catalog table, on AWS as on one machine. Only its hash is kept, so what
this prints is shown once.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from billing.adapters.dynamo.catalog_store import CatalogStore
from billing.domain.errors import TryAgain
from billing.domain.roles import Role
from billing.services.manage_keys import bootstrap_admin_key
from billing.settings import Settings
from local.credentials import use_operators
from local.place import table_name


def main(arguments: list[str] | None = None) -> int:
    """Make the key and print it.

    Returns:
        The exit status: 0, or 1 with a message on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m local.bootstrap", description=__doc__)
    parser.add_argument("--stack", required=True, help="the CloudFormation stack's name")
    parser.add_argument("--operator", required=True, help="whose key: the name that history shows")
    parser.add_argument("--role", choices=[*Role], default=Role.OWNER, help="what it may do")
    given = parser.parse_args(arguments)
    if not given.operator.strip():
        parser.error("--operator names nobody; history would show nobody")
    try:
        use_operators(os.environ)
        table = table_name(given.stack, "CatalogTable")
        store = CatalogStore(Settings(catalog_table=table))
        key = bootstrap_admin_key(store, given.operator, datetime.now(UTC), Role(given.role))
    except (BotoCoreError, ClientError, PynamoDBException, TryAgain) as error:
        print(f"No key was made: {error}", file=sys.stderr)
        return 1
    print(key)
    return 0


if __name__ == "__main__":
    sys.exit(main())
