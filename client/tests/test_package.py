"""The package as an app gets it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[1]
IMPORTS = """
import sys
from billing_client import AsyncBilling, Billing, Policy, Receiver, Verifier
from billing_client.testing import FakeBilling
billing = FakeBilling()
billing.grant("ann", "export")
assert billing.can("ann", "export")
assert not {"fastapi", "starlette", "flask", "django", "pytest"} & set(sys.modules)
print(billing.__class__.__mro__[-2].__module__)
"""


def _run(*command: str | Path) -> str:
    done = subprocess.run(  # noqa: S603 - this interpreter and the one that it made
        command, cwd=CLIENT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    _run(*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", target, CLIENT)
    (made,) = target.glob("*.whl")
    return made


def test_the_wheel_holds_the_package_and_its_types_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    sources = (CLIENT / "src").rglob("*.py")
    expected = {str(path.relative_to(CLIENT / "src")) for path in sources}
    found = {name for name in names if ".dist-info/" not in name}
    assert found == expected | {"billing_client/py.typed"}


def test_it_installs_and_works_in_a_bare_environment(wheel: Path, tmp_path: Path) -> None:
    _run(sys.executable, "-m", "venv", "--without-pip", tmp_path)
    python = tmp_path / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    _run(*pip, "install", "--quiet", wheel)
    assert _run(python, "-W", "error", "-I", "-c", IMPORTS).strip() == "billing_client.sync"


def test_it_needs_an_http_library_and_a_jws_library_and_nothing_else() -> None:
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    needed = {each.partition(">=")[0] for each in project["dependencies"]}
    assert needed == {"httpx", "pyjwt[crypto]"}
    assert set(project["optional-dependencies"]) == {"fastapi", "flask", "django"}


def test_without_a_framework_its_part_says_what_is_missing() -> None:
    code = "import sys; sys.modules['flask'] = None; import billing_client.flask"
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(CLIENT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "flask" in done.stderr.splitlines()[-1]
