"""Deploys the very template.yaml to the emulator, and does what the emulator leaves undone."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local import processes
from local.place import ROOT, STACK_NAME, Place, host_architecture, host_runtime, tool

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "deployment-artifacts"
WHAT_IS_DEPLOYED = ("template.yaml", "monitoring.json", "functions", "layers")


def build(place: Place) -> None:
    """Run `sam build` for this machine's Python and architecture.

    Raises:
        LocalError: the build failed.
    """
    environment = {
        **os.environ,
        **place.aws_environment(),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "SAM_CLI_TELEMETRY": "0",
        "LAYER_ARCHITECTURE": "host",
        "LAYER_PYTHON": sys.executable,
    }
    directories = [
        "--build-dir",
        str(place.build),
        "--cache-dir",
        str(place.build.parent / "cache"),
    ]
    arguments = [tool("sam", "sam"), "build", "--cached", "--parallel", *directories]
    overrides = ["--parameter-overrides", *_runtime_parameters()]
    processes.run(
        "sam-build", [*arguments, *overrides], state=place.state, cwd=ROOT, env=environment
    )


def deploy(place: Place, *, stripe_api_base: str) -> dict[str, str]:
    """Run `sam deploy` and complete the HTTP API.

    Returns:
        The stack's outputs, and as ApiUrl and WebhookUrl the addresses that answer here.

    Raises:
        LocalError: the deployment failed.
    """
    environment = {
        **os.environ,
        **place.aws_environment(),
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",  # seconds; SAM's own 5 are for a distant CloudFormation
    }
    client("s3", place).create_bucket(Bucket=BUCKET)
    arguments = [tool("sam", "sam"), "deploy", "--template", str(place.build / "template.yaml")]
    options = [
        "--stack-name",
        STACK_NAME,
        "--s3-bucket",
        BUCKET,
        "--capabilities",
        "CAPABILITY_IAM",
    ]
    answers = ["--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"]
    parameters = [
        "--parameter-overrides",
        *_runtime_parameters(),
        f"StripeApiBase={stripe_api_base}",
        "CheckLogLevel=INFO",  # a call that logs nothing takes the emulator 50 ms more
        "ManagementRequestsPerHour=1000000",  # tests and demos ask as fast as they can
        "PageRequestsPerHour=1000000",
        "ChecksPerSecond=100000",
    ]
    processes.run(
        "sam-deploy",
        [*arguments, *options, *answers, *parameters],
        state=place.state,
        cwd=ROOT,
        env=environment,
    )
    return _complete_api(place)


def fingerprint() -> str:
    """A digest of everything that is deployed, by which a changed line is noticed."""
    digest = hashlib.sha256()
    for path in sorted(_files()):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def client(service: str, place: Place) -> Any:  # noqa: ANN401 - boto3 makes its clients' types at run time
    """A boto3 client that speaks to the emulator as its root."""
    session: Any = boto3.Session()
    return session.client(
        service,
        endpoint_url=place.endpoint,
        region_name=place.aws_environment()["AWS_DEFAULT_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator's root, on this machine
        config=Config(retries={"total_max_attempts": 1}),
    )


def resources(place: Place) -> dict[str, str]:
    """The deployed resources' physical ids, by their names in the template."""
    pages = client("cloudformation", place).get_paginator("list_stack_resources")
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages.paginate(StackName=STACK_NAME)
        for resource in page["StackResourceSummaries"]
    }


def routes(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Read an HTTP API's OpenAPI body as SAM writes it.

    Yields:
        Each route's key, such as `GET /ready`, and the name of its function in the template.
    """
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            found = re.search(r"\$\{(\w+)\.Arn\}", uri)
            verb = "ANY" if method.startswith("x-amazon-apigateway-any") else method.upper()
            if found:
                yield path if path == "$default" else f"{verb} {path}", found[1]


def _complete_api(place: Place) -> dict[str, str]:
    """Create the API's routes and CORS: the emulator does not import them from its Body."""
    formation, gateway = client("cloudformation", place), client("apigatewayv2", place)
    processed = formation.get_template(StackName=STACK_NAME, TemplateStage="Processed")[
        "TemplateBody"
    ]
    template = processed if isinstance(processed, dict) else json.loads(processed)
    body, ids = template["Resources"]["Api"]["Properties"]["Body"], resources(place)
    existing = {route["RouteKey"] for route in gateway.get_routes(ApiId=ids["Api"])["Items"]}
    for route, function in routes(body):
        if route not in existing:
            arn = client("lambda", place).get_function_configuration(FunctionName=ids[function])
            integration = gateway.create_integration(
                ApiId=ids["Api"],
                IntegrationType="AWS_PROXY",
                IntegrationUri=arn["FunctionArn"],
                PayloadFormatVersion="2.0",
            )
            target = f"integrations/{integration['IntegrationId']}"
            gateway.create_route(ApiId=ids["Api"], RouteKey=route, Target=target)
    if cors := body.get("x-amazon-apigateway-cors"):
        settings = {name[0].upper() + name[1:]: value for name, value in cors.items()}
        gateway.update_api(ApiId=ids["Api"], CorsConfiguration=settings)
    stack = formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    url_id = re.sub(r"^https://([^.]+)\..*$", r"\1", outputs["WebhookUrl"])
    return {
        **outputs,
        "ApiUrl": f"{place.endpoint}/_aws/execute-api/{ids['Api']}",
        "WebhookUrl": f"{place.endpoint}/_aws/lambda-url/{url_id}/",
    }


def _runtime_parameters() -> list[str]:
    return [f"Architecture={host_architecture()}", f"PythonRuntime={host_runtime()}"]


def _files() -> Iterator[Path]:
    for name in WHAT_IS_DEPLOYED:
        path = ROOT / name
        yield from (
            [path]
            if path.is_file()
            else (file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc")
        )
