"""What `sam build` makes: small artifacts, and layers that a cold start need not compile."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from local.place import Place
from tests.support import template
from tests.support.template import Function

EACH_FUNCTION = pytest.mark.parametrize(
    "function", template.functions(), ids=lambda each: each.logical_id
)
LAYERS = ("DependenciesLayer", "BillingLayer")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_ships_the_bytecode_of_every_module(place: Place, layer: str) -> None:
    sources = list((place.build / layer / "python").rglob("*.py"))
    without = [
        source
        for source in sources
        if not Path(importlib.util.cache_from_source(str(source))).exists()
    ]
    assert sources
    assert without == []


@EACH_FUNCTION
def test_an_artifact_holds_only_its_own_code(place: Place, function: Function) -> None:
    artifact = place.build / function.logical_id
    files = [str(file.relative_to(artifact)) for file in artifact.rglob("*") if file.is_file()]
    assert files
    assert all(file.startswith(f"{function.code_uri}/") for file in files)


@EACH_FUNCTION
def test_the_layers_hold_all_that_a_function_imports(place: Place, function: Function) -> None:
    roots = [
        place.build / function.logical_id,
        *(place.build / layer / "python" for layer in LAYERS),
    ]
    module = function.handler.rpartition(".")[0]
    environment = {
        "PYTHONPATH": ":".join(str(root) for root in roots),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    # -S: without this environment's own packages, as Lambda is without them.
    command = [sys.executable, "-S", "-c", f"import {module}"]
    done = subprocess.run(  # noqa: S603 - our own code
        command, check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
