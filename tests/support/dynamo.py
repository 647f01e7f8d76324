"""The tables, as `template.yaml` defines them, in whichever DynamoDB answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tests.support.template import create_table_arguments, tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def table_names(prefix: str) -> dict[str, str]:
    """Name each table by the environment variable that tells its name to the code."""
    return {variable: f"{prefix}-{logical_id}" for variable, logical_id in tables().items()}


def create_tables(client: DynamoDBClient, names: Mapping[str, str]) -> None:
    """Create every table under the name that `names` gives its variable."""
    for variable, logical_id in tables().items():
        client.create_table(**create_table_arguments(logical_id, names[variable]))
