"""`make import` as an operator runs it: a process of its own, which may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.place import ROOT

Json = dict[str, Any]
PATIENCE_SECONDS = 300.0


@dataclass
class Importer:
    """Imports one file into one project; by hand it is started again whenever it was killed.

    Attributes:
        runs: how often it was started.
    """

    file: Path
    project_id: str
    api: str
    key: str
    runs: int = 0
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    @property
    def journal(self) -> list[Json]:
        """What is noted beside the file, without its first line."""
        path = self.file.with_name(f"{self.file.name}.progress.jsonl")
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()[1:] if line.strip("\n")]

    def start(self, *arguments: str) -> None:
        """Begin, or go on."""
        self.runs += 1
        environment = {
            **os.environ,
            "API": self.api,
            "ADMIN_KEY": self.key,
            "PYTHONPATH": str(ROOT / "layers" / "billing"),
        }
        command = [sys.executable, "-m", "local.importing"]
        asked = ["--project", self.project_id, "--file", str(self.file), *arguments]
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [*command, *asked],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def kill(self) -> None:
        """End it as nothing can catch."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return its status, and what it said on either side."""
        assert self.process is not None
        said, complained = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, said, complained

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run it to its end."""
        self.start(*arguments)
        return self.end()
