"""Limits in the template: who counts, with which rights, and what the gateway bounds."""

from __future__ import annotations

import re

import pytest

from tests.support import template
from tests.support.template import Function

FUNCTIONS = template.functions()
EACH_FUNCTION = pytest.mark.parametrize("function", FUNCTIONS, ids=lambda each: each.logical_id)

MANAGEMENT = re.compile(r"^\w+ (/api/v1/admin/|/api/v1/metrics/|/metrics$)")
OPERATORS_RATE = 50
"""Requests a second at one route: decision 0017, docs/api.md."""

COUNTING = {
    "MANAGEMENT_REQUESTS_PER_HOUR": {"AdminFunction", "MetricsFunction", "ReconciliationFunction"},
    "PAGE_REQUESTS_PER_HOUR": {"CheckoutFunction", "PortalFunction"},
}


@EACH_FUNCTION
def test_who_counts_requests_may_change_counts_and_nothing_else(function: Function) -> None:
    counting = [
        each
        for policy in function.properties["Policies"]
        for each in policy.get("Statement", [])
        if "-ledger" in str(each["Resource"]) and "UpdateItem" in str(each["Action"])
    ]
    limits = [name for name in COUNTING if name in function.environment]
    assert [name for name in COUNTING if function.logical_id in COUNTING[name]] == limits
    assert len(counting) == len(limits)
    for each in counting:
        assert each["Resource"] == {"Fn::Sub": f"{template.TABLE_ARN}${{AWS::StackName}}-ledger"}
        only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["requests#*"]}}
        assert each["Condition"] == only


def test_the_gateway_bounds_the_stage_and_operators_within_it() -> None:
    (api,) = template.resources("AWS::Serverless::HttpApi").values()
    whole = api["Properties"]["DefaultRouteSettings"]
    bounded = api["Properties"]["RouteSettings"]
    routes = [route for each in FUNCTIONS for route in each.routes]
    management = [route for route in routes if MANAGEMENT.search(route)]
    assert management
    for route in management:
        assert bounded[route] == bounded["ANY /api/v1/admin/{command+}"], route
    assert bounded["ANY /api/v1/admin/{command+}"]["ThrottlingRateLimit"] == OPERATORS_RATE
    for route, settings in bounded.items():
        assert route in routes
        assert settings["ThrottlingRateLimit"] <= whole["ThrottlingRateLimit"]


def test_the_local_stack_limits_nobody() -> None:
    given = (template.ROOT / "local" / "deploy.py").read_text()
    for parameter in ("ManagementRequestsPerHour", "PageRequestsPerHour", "ChecksPerSecond"):
        default = template.template()["Parameters"][parameter]["Default"]
        (local,) = re.findall(rf"{parameter}=(\d+)", given)
        assert int(local) >= 100 * default
