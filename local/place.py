"""Where a local stack lives: its directory, its ports and the programs that make it up."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
STACK_NAME = "billing-local"
DEFAULT_PORT = 4566


@dataclass(frozen=True)
class Place:
    """One local stack's directory and first port; the next port is the fake Stripe's."""

    state: Path
    port: int

    @classmethod
    def from_environment(cls) -> Place:
        """Read BILLING_STATE_DIR (default .local) and BILLING_PORT.

        Without BILLING_PORT it is the port of the stack that runs in that directory, or 4566.
        """
        state = ROOT / os.environ.get("BILLING_STATE_DIR", ".local")
        place = cls(state, DEFAULT_PORT)
        if given := os.environ.get("BILLING_PORT"):
            return cls(state, int(given))
        if place.internals_file.exists():
            return cls(state, int(json.loads(place.internals_file.read_text())["port"]))
        return place

    @property
    def endpoint(self) -> str:
        """Where AWS is spoken to."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stripe_port(self) -> int:
        """The fake Stripe's port."""
        return self.port + 1

    @property
    def fake_stripe_url(self) -> str:
        """The fake Stripe's address."""
        return f"http://127.0.0.1:{self.stripe_port}"

    @property
    def logs(self) -> Path:
        """Where every program of the stack logs."""
        return self.state / "logs"

    @property
    def stack_file(self) -> Path:
        """What a developer, the demo and the tests read to find the running service."""
        return self.state / "stack.json"

    @property
    def internals_file(self) -> Path:
        """What only `local` itself needs to know of the running stack."""
        return self.state / "internals.json"

    @property
    def build(self) -> Path:
        """SAM's output for this machine; `.aws-sam` keeps what is built for AWS."""
        return self.state / "sam" / "build"

    def aws_environment(self) -> dict[str, str]:
        """The environment in which boto3 and SAM speak to the emulator, as its root."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


def table_name(stack: str, logical_id: str) -> str:
    """The name of a replicated table, by its name in the template.

    It follows from the stack's, since a second region's stack, of the same name, has the replica
    and not the resource.
    """
    return f"{stack}-{logical_id.removesuffix('Table').lower()}"


def tool(environment: str, name: str) -> str:
    """A program of one of the environments that the Makefile makes."""
    path = ROOT / ".local" / "envs" / environment / "bin" / name
    if not path.exists():
        message = f"{path.relative_to(ROOT)} is missing: start through `make`, which installs it."
        raise SystemExit(message)
    return str(path)


def host_architecture() -> str:
    """This machine's architecture, by Lambda's name for it."""
    return "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"


def host_runtime() -> str:
    """The Lambda runtime of the Python that runs this, which is the emulator's too."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"
