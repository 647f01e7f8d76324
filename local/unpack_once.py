"""Run the emulator (`python -P local/unpack_once.py`), and let it unpack each archive once.

By itself it unpacks the layers for every worker that it starts: 5,000 files of 100 MB, a second of
each cold start, and minutes of `make down` on a slow disk. Here a worker gets links to what was
unpacked already. It runs in the emulator's environment, so it knows nothing of ours.
"""

from __future__ import annotations

import hashlib
import os
import runpy
import shutil
import tempfile
import zipfile
from pathlib import Path

_unpack = zipfile.ZipFile.extractall


def _link(archive: zipfile.ZipFile, path: str | os.PathLike[str] | None = None) -> None:
    """Stand in for `extractall`: link in `path` what the archive has."""
    for child in _unpacked(archive).iterdir():
        (Path(path or ".") / child.name).symlink_to(child)


def _unpacked(archive: zipfile.ZipFile) -> Path:
    """Where an archive is unpacked; two that do so at once end with the same."""
    with Path(str(archive.filename)).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    place = Path(tempfile.gettempdir()) / "unpacked" / digest
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        part = Path(tempfile.mkdtemp(dir=place.parent))
        _unpack(archive, part)
        try:
            part.rename(place)
        except OSError:  # another was faster
            shutil.rmtree(part)
    return place


if __name__ == "__main__":
    zipfile.ZipFile.extractall = _link  # type: ignore[method-assign, assignment]  # what it is for
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
