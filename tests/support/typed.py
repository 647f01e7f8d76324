"""Somebody who types what a document says, into one shell, from the root of a clone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from local.place import ROOT, Place

PATIENCE_SECONDS = 300
BLOCK = re.compile(r"^ *<!-- run -->\n *```sh\n(.*?)^ *```$", re.M | re.S)


def commands(document: str) -> list[str]:
    """The blocks of a document that are marked to be run, in order."""
    return BLOCK.findall((ROOT / document).read_text())


def clone(folder: Path, place: Place) -> Path:
    """Make what looks like a clone of this repository in which that stack was started."""
    for path in ROOT.iterdir():
        if path.name not in (".local", ".git"):
            (folder / path.name).symlink_to(path)
    local = folder / ".local"
    local.mkdir()
    for path in (ROOT / ".local").iterdir():
        if path.name in ("stamps", "envs"):
            (local / path.name).symlink_to(path)
    (local / "stack.json").symlink_to(place.stack_file)
    return folder


def typed(blocks: list[str], folder: Path, place: Place) -> str:
    """Run blocks in one shell that ends at the first failure; return what was said."""
    environment = {
        **os.environ,
        "BILLING_STATE_DIR": str(place.state),
        "BILLING_PORT": str(place.port),
        "no_proxy": "127.0.0.1,localhost",
    }
    shell = subprocess.Popen(  # noqa: S603 - our own documents
        ["/usr/bin/env", "bash", "-euo", "pipefail", "-c", "".join(blocks)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    try:
        said, complained = shell.communicate(timeout=PATIENCE_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)  # what it left in the background, if it failed
    assert shell.returncode == 0, (said, complained)
    return said
