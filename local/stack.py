"""The whole stack: up, down, and whether it is well."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from typing import Any

from local import deploy, emulator, logs, processes, seed, web
from local.console import LocalError, say, step
from local.place import ROOT, STACK_NAME, Place
from local.stripe_choice import StripeChoice

FAKE_READY_SECONDS = 20.0


def up(place: Place) -> dict[str, Any]:
    """Start what is not running, deploy what has changed, and describe the stack.

    Returns:
        What stack.json says.

    Raises:
        LocalError: a step failed; nothing is left running.
    """
    if is_healthy(place):
        return _refresh(place)
    processes.stop_all(state=place.state)
    try:
        return _start(place)
    except BaseException:
        down(place)
        raise


def down(place: Place) -> list[str]:
    """End every program of the stack, also after a crash; its logs stay.

    Returns:
        The names of those that were running.
    """
    if processes.is_running("emulator", state=place.state):
        logs.save(place)
    stopped = processes.stop_all(state=place.state)
    for file in (place.stack_file, place.internals_file):
        file.unlink(missing_ok=True)
    shutil.rmtree(place.state / "tmp", ignore_errors=True)
    return stopped


def is_healthy(place: Place) -> bool:
    """Whether the stack of this directory runs and answers."""
    if not (place.stack_file.exists() and place.internals_file.exists()):
        return False
    stack, internals = read(place), json.loads(place.internals_file.read_text())
    if internals["port"] != place.port:
        message = f"The stack of {place.state} is on port {internals['port']}: `make down` first."
        raise LocalError(message)
    needed = ["emulator", *(["stripe"] if internals["is_fake"] else [])]
    return all(processes.is_running(name, state=place.state) for name in needed) and web.answers(
        f"{stack['api_url']}/ready"
    )


def read(place: Place) -> dict[str, Any]:
    """What stack.json says.

    Raises:
        LocalError: there is none, so nothing runs.
    """
    if not place.stack_file.exists():
        message = f"Nothing runs here ({place.stack_file} is missing): `make up` first."
        raise LocalError(message)
    found: dict[str, Any] = json.loads(place.stack_file.read_text())
    return found


def _start(place: Place) -> dict[str, Any]:
    stripe = StripeChoice.from_environment(place)
    with step(f"emulator of AWS on port {place.port}"):
        emulator.start(place)
    outputs = _deploy(place, stripe.api_base)
    _start_metrics(place)
    with step("secrets"):
        _put_secrets(place, outputs, stripe)
        _operate(place, "signing_key")
    if stripe.is_fake:
        with step(f"fake Stripe on port {place.stripe_port}"):
            _start_fake_stripe(place, outputs["WebhookUrl"], stripe.webhook_secret)
    with step("first admin key"):
        admin_key = _first_admin_key(place)
    with step("two demo projects, through the admin API"):
        project, other = seed.seed(outputs["ApiUrl"], admin_key)
    description = {
        "api_url": outputs["ApiUrl"],
        "webhook_url": outputs["WebhookUrl"],
        "stripe_url": stripe.api_base,
        "dashboard_url": stripe.pages,
        "console_url": f"{outputs['ApiUrl']}/console",
        "webhook_secret": stripe.webhook_secret,
        "admin_key": admin_key,
        "project_id": project.project_id,
        "project_key": project.key,
        "other_project_id": other.project_id,
        "other_project_key": other.key,
        "allowed_origins": seed.ALLOWED_ORIGINS,
        "prices": project.prices,
    }
    _remember(place, stripe.api_base, is_fake=stripe.is_fake)
    _write_private(place.stack_file, description)
    return description


def _refresh(place: Place) -> dict[str, Any]:
    """Keep a running stack and its data; deploy the code again if a line of it has changed."""
    internals = json.loads(place.internals_file.read_text())
    if internals["fingerprint"] == deploy.fingerprint():
        say("The stack is already up, and its code is the present one.")
    else:
        say("The stack is already up; its code has changed since, so it is deployed again.")
        _deploy(place, internals["stripe_api_base"])
        _remember(place, internals["stripe_api_base"], is_fake=internals["is_fake"])
    return read(place)


def _deploy(place: Place, stripe_api_base: str) -> dict[str, str]:
    with step("sam build"):
        deploy.build(place)
    with step("sam deploy of template.yaml"):
        return deploy.deploy(place, stripe_api_base=stripe_api_base)


def _put_secrets(place: Place, outputs: dict[str, str], stripe: StripeChoice) -> None:
    values = {
        outputs["StripeApiKeySecretId"]: {"api_key": stripe.api_key},
        outputs["StripeWebhookSecretId"]: {"current": stripe.webhook_secret},
    }
    for secret_id, value in values.items():
        deploy.client("secretsmanager", place).put_secret_value(
            SecretId=secret_id, SecretString=json.dumps(value)
        )


def _start_metrics(place: Place) -> None:
    processes.start(
        "metrics",
        [sys.executable, "-m", "local.metrics"],
        state=place.state,
        cwd=ROOT,
        env=_environment(place),
    )


def _start_fake_stripe(place: Place, webhook_url: str, webhook_secret: str) -> None:
    arguments = ["--port", str(place.stripe_port), "--webhook-url", webhook_url]
    processes.start(
        "stripe",
        [sys.executable, "-m", "local.stripe", *arguments, "--webhook-secret", webhook_secret],
        state=place.state,
        cwd=ROOT,
        env=os.environ,
    )
    log = place.logs / "stripe.log"
    processes.wait_until(
        (web.answers(place.fake_stripe_url) for _ in itertools.count()),
        what=f"The fake Stripe (log: {log})",
        seconds=FAKE_READY_SECONDS,
    )


def _first_admin_key(place: Place) -> str:
    return _operate(place, "bootstrap", "--operator", "local")


def _operate(place: Place, command: str, *arguments: str) -> str:
    """Run a command of the operators as they do on AWS, and return what it prints."""
    environment = _environment(place)
    run = [sys.executable, "-m", f"local.{command}", "--stack", STACK_NAME, *arguments]
    done = subprocess.run(
        run, check=False, cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        message = f"{' '.join(run[1:])} failed:\n{done.stderr}"
        raise LocalError(message)
    return done.stdout.strip()


def _environment(place: Place) -> dict[str, str]:
    return {
        **os.environ,
        **place.aws_environment(),
        "BILLING_STATE_DIR": str(place.state),
        "BILLING_PORT": str(place.port),
        "PYTHONPATH": str(ROOT / "layers" / "billing"),
    }


def _remember(place: Place, stripe_api_base: str, *, is_fake: bool) -> None:
    internals = {
        "port": place.port,
        "aws_endpoint": place.endpoint,
        "stack_name": STACK_NAME,
        "stripe_api_base": stripe_api_base,
        "is_fake": is_fake,
        "fingerprint": deploy.fingerprint(),
    }
    _write_private(place.internals_file, internals)


def _write_private(path: os.PathLike[str], content: dict[str, Any]) -> None:
    """Write a file that only its owner reads: there are keys in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.write("\n")
