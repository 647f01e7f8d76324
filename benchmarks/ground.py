"""What the measurements stand on: artifacts as `sam build` makes them, laid out as in Lambda.

A function runs on a Python without packages, sees its own artifact and the two layers, and
nothing of the developer's environment. AWS is a responder on the loopback, over TLS.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from benchmarks.certificate import write_certificate
from benchmarks.cost import Function, Idle
from benchmarks.world import World, environment
from local import deploy
from local.place import ROOT, Place, host_architecture, tool

HERE = Path(__file__).resolve().parent
STATE = ROOT / ".local" / "bench"
RUNTIME_PACKAGES = ("awslambdaric", "snapshot_restore_py", "simplejson", "runtime_client")
"""What Lambda's Python has in /var/runtime to call a handler, besides its SDK."""


@dataclass(frozen=True)
class Aws:
    """The responder, as it is reached."""

    port: int
    tls_port: int

    def endpoint(self, *, tls: bool) -> str:
        """Where AWS is spoken to."""
        return f"https://127.0.0.1:{self.tls_port}" if tls else f"http://127.0.0.1:{self.port}"

    def tell(self, what: str) -> Any:  # noqa: ANN401 - JSON
        """Ask for `counts` or `messages` since the last time."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        connection.request("GET", f"/{what}")
        return json.loads(connection.getresponse().read())


class Ground:
    """Everything that is prepared once for a run."""

    def __init__(self, state: Path = STATE) -> None:
        """Prepare in this directory."""
        self.state = state
        self._place = Place(state, 0)

    def prepare(self) -> None:
        """Build the artifacts, the world, the certificate and the Python.

        Raises:
            LocalError: `sam build` failed.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        deploy.build(self._place)
        self._run([sys.executable, "-m", "benchmarks.world", str(self._world_file)])
        write_certificate(self.state)
        if not self.python.exists():
            self._run([sys.executable, "-m", "venv", "--without-pip", str(self.state / "python")])
        self._link_runtime()

    @property
    def python(self) -> Path:
        """A Python that has no packages."""
        return self.state / "python" / "bin" / "python"

    @property
    def layers(self) -> list[Path]:
        """What is in /opt/python."""
        return [
            self._place.build / layer / "python" for layer in ("DependenciesLayer", "BillingLayer")
        ]

    @property
    def rie(self) -> Path:
        """AWS's emulator of the Lambda runtime, which comes with SAM."""
        libraries = Path(tool("sam", "python")).parent.parent / "lib"
        name = f"aws-lambda-rie-{host_architecture()}"
        return next(libraries.glob(f"python*/site-packages/samcli/local/rapid/{name}"))

    @cached_property
    def world(self) -> World:
        """What is asked about."""
        return World.read(self._world_file)

    @cached_property
    def template(self) -> dict[str, Any]:
        """The template as it was built, with what it includes."""
        build = self._place.build
        loaded: dict[str, Any] = yaml.safe_load((build / "template.yaml").read_text())
        included = loaded["Resources"].pop("Fn::Transform")["Parameters"]["Location"]
        loaded["Resources"] |= json.loads((build / included).read_text())
        return loaded

    def artifact(self, function: str) -> Path:
        """Return what is in /var/task of a function of the template."""
        return self._place.build / function

    def handler(self, function: str) -> str:
        """Return the handler of a function of the template."""
        return str(self.template["Resources"][function]["Properties"]["Handler"])

    def function(self, name: str) -> Function:
        """Return how a function of the template runs, as far as it costs."""
        usual = self.template["Globals"]["Function"]
        own = {**usual, **self.template["Resources"][name]["Properties"]}
        platform = own.get("LoggingConfig", {}).get("SystemLogLevel", "INFO") == "INFO"
        return Function(int(own["MemorySize"]), own.get("Tracing") == "Active", platform)

    def _log_level(self, name: str) -> dict[str, str]:
        """Return the level that a function has of its own, where it is a parameter's default."""
        properties = self.template["Resources"].get(name, {}).get("Properties", {})
        own = properties.get("Environment", {}).get("Variables", {}).get("POWERTOOLS_LOG_LEVEL")
        if not own:
            return {}
        return {"POWERTOOLS_LOG_LEVEL": self.template["Parameters"][own["Ref"]]["Default"]}

    @property
    def access_log_class(self) -> str:
        """The class of the log group of the API's access log."""
        properties = self.template["Resources"]["ApiLogs"]["Properties"]
        return str(properties.get("LogGroupClass", "STANDARD"))

    def idle(self) -> Idle:
        """Return what stands in the template whether or not anybody asks."""
        resources = self.template["Resources"].values()
        kinds = Counter(resource["Type"] for resource in resources)
        events = [
            event["Type"]
            for resource in resources
            for event in (resource.get("Properties") or {}).get("Events", {}).values()
        ]
        alarms = [each for each in resources if each["Type"] == "AWS::CloudWatch::Alarm"]
        watched = [each["Properties"].get("Metrics", [{"MetricStat": {}}]) for each in alarms]
        return Idle(
            sum("MetricStat" in query for queries in watched for query in queries),
            kinds["AWS::SecretsManager::Secret"],
            events.count("SQS"),
            composites=kinds["AWS::CloudWatch::CompositeAlarm"],
            dashboards=kinds["AWS::CloudWatch::Dashboard"],
        )

    def environment(self, aws: Aws, *paths: Path, tls: bool = True) -> dict[str, str]:
        """Return what a function of the template finds in its environment."""
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # /var/task and /opt are read-only
            "PYTHONPATH": os.pathsep.join(str(path) for path in [*paths, *self.layers]),
            "AWS_ENDPOINT_URL": aws.endpoint(tls=tls),
            "AWS_CA_BUNDLE": str(self.state / "ca.pem"),
            "SSL_CERT_FILE": str(self.state / "ca.pem"),
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            **environment(),
            **self._log_level(paths[0].name),
            "STRIPE_API_BASE": aws.endpoint(tls=False),  # whoever asks Stripe is counted there
        }

    def inside(self, aws: Aws, said: Mapping[str, Any], *paths: Path, tls: bool = False) -> Any:  # noqa: ANN401 - JSON
        """Let `inside/calls.py` call handlers in a process of their own, and return what it tells.

        Raises:
            subprocess.CalledProcessError: a handler raised.
        """
        done = subprocess.run(
            [self.python, HERE / "inside" / "calls.py"],
            check=True,
            env=self.environment(aws, *paths, tls=tls),
            input=json.dumps(said),
            stdout=subprocess.PIPE,
            text=True,
        )
        return json.loads(done.stdout)

    @contextmanager
    def aws(self) -> Iterator[Aws]:
        """Serve the canned AWS."""
        command = [sys.executable, "-m", "benchmarks.responder", str(self._world_file)]
        command += ["--certificate", str(self.state / "server.pem")]
        with subprocess.Popen(
            command, cwd=ROOT, env=_own(), stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout  # noqa: S101 - it was asked for just above
                plain, tls = process.stdout.readline().split()
                yield Aws(int(plain), int(tls))
            finally:
                process.terminate()

    @property
    def runtime(self) -> Path:
        """What is in /var/runtime."""
        return self.state / "runtime"

    @property
    def _world_file(self) -> Path:
        return self.state / "world.json"

    def _link_runtime(self) -> None:
        self.runtime.mkdir(exist_ok=True)
        packages = next((Path(tool("bench", "python")).parent.parent / "lib").glob("python*"))
        for name in RUNTIME_PACKAGES:
            for found in (packages / "site-packages").glob(f"{name}*"):
                link = self.runtime / found.name
                link.unlink(missing_ok=True)
                link.symlink_to(found)

    @staticmethod
    def _run(command: list[str]) -> None:
        subprocess.run(command, check=True, cwd=ROOT, env=_own())


def _own() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "layers" / "billing")}
