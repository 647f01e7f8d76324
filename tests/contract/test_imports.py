"""What a function may load: an import that a cold start pays for is a decision, not an accident."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.support import template
from tests.support.template import ROOT

NEVER = {"tests", "local", "moto", "pytest", "flask", "yaml", "hypothesis", "aiohttp", "httpx"}
"""What is not deployed, and what `stripe` would load if it were."""

WHEN_ASKED = {"jwt", "cryptography"}
"""What a function loads when the first token is asked for, and no sooner."""

HEAVY = {
    *("stripe", "pynamodb", "pydantic", "boto3", "botocore", "requests", "urllib3"),
    *("aws_lambda_powertools", "logging"),
}
"""What the hot read and the webhook's door are without: third parties, and what else costs."""

SDK = {"boto3", "s3transfer", "multiprocessing"}
"""What comes with boto3, where botocore is enough."""

BUDGETS = {
    "functions.entitlements.handler": HEAVY,
    "functions.webhooks.receive": HEAVY,
    "functions.webhooks.process": {"pydantic", *SDK, "aws_lambda_powertools"},
    "functions.checkout.handler": {*SDK, "aws_lambda_powertools"},
    "functions.portal.handler": {*SDK, "aws_lambda_powertools"},
    "functions.notifications.publish": {"stripe", "pydantic", "boto3", "requests"},
    "functions.notifications.deliver": {"stripe", "pydantic", "boto3", "requests"},
    "functions.console.handler": {"stripe", "pynamodb", "pydantic", "boto3", "requests"},
    "functions.metrics.count": {"stripe", "pydantic", "boto3", "requests"},
    "functions.metrics.handler": {"stripe", "pydantic", "boto3", "requests"},
    "functions.health.handler": {"stripe", "pynamodb", "pydantic", "boto3", "requests"},
}
"""Module to what its whole import closure must be without."""

EACH_HANDLER = sorted({each.handler.rpartition(".")[0] for each in template.functions()})


@pytest.mark.parametrize("module", EACH_HANDLER)
def test_a_handler_loads_no_more_than_its_budget(module: str) -> None:
    assert _loaded(module) & (NEVER | WHEN_ASKED | BUDGETS.get(module, set())) == set()


def test_every_budget_is_of_a_handler() -> None:
    assert set(BUDGETS) <= set(EACH_HANDLER)


@pytest.mark.parametrize("module", ["functions.entitlements.handler", "functions.webhooks.receive"])
def test_it_loads_nothing_third_party_at_all(module: str) -> None:
    known = sys.stdlib_module_names | {"billing", "functions", "sitecustomize", "__main__"}
    foreign = {name for name in _loaded(module) - _loaded("sys") if not name.startswith("_")}
    assert foreign - known == set()


@pytest.mark.parametrize("module", EACH_HANDLER)
def test_the_garbage_collector_works_when_a_handler_is_there(module: str) -> None:
    assert _printed(module, "__import__('gc').isenabled()") == "True"


def _loaded(module: str) -> set[str]:
    """The packages that a fresh interpreter has after it imported a module."""
    loaded = "{name.partition('.')[0] for name, found in sys.modules.items() if found}"
    return set(_printed(module, f"*{loaded}").split())


def _printed(module: str, value: str) -> str:
    """What a fresh interpreter prints after it imported a module as Lambda does.

    What `stripe` takes where it finds it, and no layer has, is out of reach as it is there.
    """
    hidden = "sys.modules.update(dict.fromkeys(('aiohttp', 'httpx')))"
    code = f"import sys; {hidden}; import {module}; print({value})"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "layers" / "billing")]),
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT / "tests",
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()
