"""The floor of a function that calls Stripe: the boto3 floor, and `import stripe`."""

from __future__ import annotations

import os
from typing import Any

import boto3
import stripe

client = boto3.client("dynamodb")
VERSION = stripe.VERSION


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Get the item that the event names."""
    key = {"pk": {"S": event["pk"]}, "sk": {"S": "access"}}
    found = client.get_item(TableName=os.environ["ACCOUNTS_TABLE"], Key=key, ConsistentRead=True)
    return {"found": "Item" in found}
