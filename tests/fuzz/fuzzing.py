"""How a generated request is sent, and what its answer has to be."""

from __future__ import annotations

import copy
from typing import Any

import schemathesis
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.deserialization import DeserializationContext
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.fuzz.conftest import Target
from tests.support.described import description

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]

OF_OPERATORS: list[dict[str, list[str]]] = [{"operatorsKey": []}]

schema = schemathesis.openapi.from_dict(copy.deepcopy(description()))  # it changes what it is given
schema.config.update(base_url="http://localhost")


@schemathesis.deserializer("application/json")
def _read(_context: DeserializationContext, response: Response) -> Any:
    """Read JSON; and a token as text, though schemathesis counts `application/jwt` as JSON."""
    if response.headers.get("content-type") == ["application/jwt"]:
        return response.content.decode()
    return response.json()


def send_as_everybody(case: Case[Any], target: Target) -> None:
    """Send a request with each key; then once more about what is there."""
    target.cases += 1
    for who in target.keys:
        _send(case, target, who)
    if is_positive(case):
        _send(about_what_is_known(case, target.known), target, "operator")


def _send(case: Case[Any], target: Target, who: str) -> None:
    headers = headers_of(case, target, who)
    response = case.call_and_validate(app=target.gateway, headers=headers, checks=CHECKS)
    security = case.operation.definition.raw["security"]
    is_closed = {"nobody": bool(security), "app": security == OF_OPERATORS}.get(who, False)
    assert not (is_closed and response.status_code < 400), f"{case.operation.label} let {who} in"


def headers_of(case: Case[Any], target: Target, who: str) -> dict[str, str]:
    """Who calls; and what an operator sends as an event is signed."""
    headers = {"Authorization": f"Bearer {target.keys[who]}"}
    if "Stripe-Signature" in (case.headers or {}) and who == "operator":
        headers["Stripe-Signature"] = "SIGNATURE"
    return headers


def is_positive(case: Case[Any]) -> bool:
    """Whether all of the request is as the description wants it."""
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE


def about_what_is_known(case: Case[Any], known: dict[str, Any]) -> Case[Any]:
    """The same request about a project, an account and so on that are there."""
    parts: dict[str, Any] = {
        "path_parameters": case.path_parameters,
        "query": case.query,
        "headers": case.headers,
        "body": case.body,
    }
    about = {place: dict(p) if isinstance(p, dict) else p for place, p in parts.items()}
    for part in about.values():
        name_what_is_known(part, known)
    if case.operation.definition.raw["security"] not in ([], OF_OPERATORS):
        where = about["body"] if isinstance(about["body"], dict) else about["query"]
        where["project_id"] = known["project_id"]  # an operator has to say of which
    made: Case[Any] = case.operation.Case(method=case.method, media_type=case.media_type, **about)
    return made


def name_what_is_known(part: Any, known: dict[str, Any]) -> None:
    """Put known values where a part of a request names something, and begin lists anew."""
    if isinstance(part, dict):
        part.pop("cursor", None)
        part.update({name: known[name] for name in part.keys() & known.keys()})
