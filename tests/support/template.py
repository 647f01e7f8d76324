"""Reads template.yaml, so that tests speak of what is deployed and repeat none of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]

REPLICATED = "AWS::DynamoDB::GlobalTable"
TABLE_ARN = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
STREAMED = ("AccountsTable",)
"""The tables whose streams functions read."""

CREATE_TABLE_KEYS = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "SSESpecification",
)


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags as their long forms: `!Ref X` is `{"Ref": "X"}`."""


def _long_form(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise TypeError(f"a tag on neither text nor list: {node}")
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _long_form)


@dataclass(frozen=True)
class Statement:
    """What a function's role may do; a table is named as what has it: `LedgerTable.Arn`."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Function:
    """One function as it is deployed."""

    logical_id: str
    properties: dict[str, Any]
    metadata: dict[str, Any]

    @property
    def handler(self) -> str:
        """For example `functions.checkout.handler.lambda_handler`."""
        return str(self.properties["Handler"])

    @property
    def code_uri(self) -> str:
        """The folder that becomes its artifact."""
        return str(self.properties["CodeUri"])

    @property
    def timeout(self) -> int:
        """Seconds."""
        return int(self.properties.get("Timeout", _global("Timeout")))

    @property
    def environment(self) -> dict[str, Any]:
        """Its variables, the common ones included, and their unresolved values."""
        own = self.properties.get("Environment", {}).get("Variables", {})
        return {**_global("Environment")["Variables"], **own}

    @property
    def routes(self) -> tuple[str, ...]:
        """The HTTP API's routes that end here, such as `GET /ready`."""
        events = self.properties.get("Events", {}).values()
        found = (event["Properties"] for event in events if event["Type"] == "HttpApi")
        return tuple(
            f"{route['Method']} {route['Path']}" if "Path" in route else "$default"
            for route in found
        )

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Its role's statements; SAM's policy templates are exact and not among them."""
        return tuple(
            Statement(tuple(_listed(each["Action"])), tuple(_names(each["Resource"])))
            for policy in self.properties.get("Policies", [])
            for each in policy.get("Statement", [])
        )

    @property
    def policy_templates(self) -> dict[str, Any]:
        """SAM's policy templates that it uses, with their parameters."""
        policies = self.properties.get("Policies", [])
        return {
            name: parameters
            for policy in policies
            for name, parameters in policy.items()
            if name != "Statement"
        }


@lru_cache(maxsize=1)
def template() -> dict[str, Any]:
    """The whole template with what it includes, tags in their long forms."""
    loaded: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)  # noqa: S506 - a SafeLoader
    included = loaded["Resources"].pop("Fn::Transform")["Parameters"]["Location"]
    loaded["Resources"] |= json.loads((ROOT / included).read_text())
    return loaded


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type such as `AWS::SQS::Queue`, by logical id, in the file's order."""
    return {
        name: resource
        for name, resource in template()["Resources"].items()
        if resource["Type"] == kind
    }


def dashboard_body(logical_id: str, *, is_protected: bool = True) -> str:
    """A dashboard's body with `${...}` left as it is, and the alarms that a stage has."""
    body = resources("AWS::CloudWatch::Dashboard")[logical_id]["Properties"]["DashboardBody"]
    if isinstance(body["Fn::Sub"], str):
        return str(body["Fn::Sub"])
    text, named = body["Fn::Sub"]
    for name, value in named.items():
        _, there, elsewhere = value["Fn::If"]
        text = text.replace(f"${{{name}}}", there["Fn::Sub"] if is_protected else elsewhere)
    return str(text)


def functions() -> tuple[Function, ...]:
    """Every function, in the file's order."""
    return tuple(
        Function(name, resource["Properties"], resource["Metadata"])
        for name, resource in resources("AWS::Serverless::Function").items()
    )


def all_tables() -> dict[str, dict[str, Any]]:
    """The tables, replicated and not, by logical id."""
    return resources(REPLICATED) | resources("AWS::DynamoDB::Table")


def tables() -> dict[str, str]:
    """The tables' logical ids by the environment variable that names them to the code."""
    known = {str({"Ref": logical_id}): logical_id for logical_id in all_tables()}
    known |= {str(name): logical_id for name, logical_id in _table_names().items()}
    variables = _global("Environment")["Variables"].items()
    return {name: known[_text(value)] for name, value in variables if _text(value) in known}


def create_table_arguments(logical_id: str, table_name: str) -> dict[str, Any]:
    """A table's definition as the arguments of boto3's `create_table`.

    Streams are left out that only replication reads.
    """
    properties = all_tables()[logical_id]["Properties"]
    arguments = {name: properties[name] for name in CREATE_TABLE_KEYS if name in properties}
    if logical_id in STREAMED:
        stream = properties["StreamSpecification"]
        arguments["StreamSpecification"] = {"StreamEnabled": True, **stream}
    if encryption := arguments.get("SSESpecification"):
        arguments["SSESpecification"] = {"Enabled": encryption["SSEEnabled"]}
    return {"TableName": table_name, **arguments}


def create_queue_arguments(logical_id: str, name: str, arns: Mapping[str, str]) -> dict[str, Any]:
    """A queue's definition as the arguments of boto3's `create_queue`.

    Args:
        logical_id: which of the template's queues.
        name: what to call it.
        arns: of the queues that it refers to, by logical id.
    """
    attributes = {}
    for key, value in resources("AWS::SQS::Queue")[logical_id]["Properties"].items():
        if key == "RedrivePolicy":
            dead_letters = value["deadLetterTargetArn"]["Fn::GetAtt"].split(".")[0]
            attributes[key] = json.dumps({**value, "deadLetterTargetArn": arns[dead_letters]})
        else:
            attributes[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return {"QueueName": name, "Attributes": attributes}


def _global(name: str) -> Any:
    return template()["Globals"]["Function"][name]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """What is substituted, or the value as it stands."""
    return str(value["Fn::Sub"] if isinstance(value, dict) and "Fn::Sub" in value else value)


def _names(value: Any) -> Iterator[str]:
    """A statement's resources: `X.Arn` for a table and for what is got, else the text."""
    for each in _listed(value):
        text = str(next(iter(each.values())) if isinstance(each, dict) else each)
        name, slash, rest = text.removeprefix(TABLE_ARN).partition("/")
        logical_id = _table_names().get(name) if text.startswith(TABLE_ARN) else None
        yield f"{logical_id}.Arn{slash}{rest}" if logical_id else text


def _table_names() -> dict[str, str]:
    """The logical ids of the replicated tables by the text that is substituted to their names."""
    known = resources(REPLICATED).items()
    return {each["Properties"]["TableName"]["Fn::Sub"]: name for name, each in known}
