"""The console's files, read once a process: a closed list, so that no path leads anywhere else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
PAGE = "index.html"
PLACE_OF_VERSION = "{version}"
"""Stands in the page where the version belongs, by which browsers keep the other files."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    text: str
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files of the console.

    Attributes:
        version: a digest of them all; it changes when one of them does.
        page: what a browser loads first; it names the others by the version.
        files: the others by name.
    """

    version: str
    page: Asset
    files: dict[str, Asset]


def load(folder: Path = FOLDER) -> Assets:
    """Read the files of a folder.

    Raises:
        KeyError: one is of a type that is not listed here.
    """
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir())}
    version = _digest("\0".join(f"{name}\0{text}" for name, text in texts.items()))
    page = texts.pop(PAGE).replace(PLACE_OF_VERSION, version)
    files = {name: _asset(name, text) for name, text in texts.items()}
    return Assets(version, _asset(PAGE, page), files)


def _asset(name: str, text: str) -> Asset:
    return Asset(text, TYPES[Path(name).suffix], f'"{_digest(text)}"')


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
