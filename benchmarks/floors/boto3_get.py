"""The floor: one GetItem with a boto3 client, and nothing else."""

from __future__ import annotations

import os
from typing import Any

import boto3

client = boto3.client("dynamodb")


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Get the item that the event names."""
    key = {"pk": {"S": event["pk"]}, "sk": {"S": "access"}}
    found = client.get_item(TableName=os.environ["ACCOUNTS_TABLE"], Key=key, ConsistentRead=True)
    return {"found": "Item" in found}
