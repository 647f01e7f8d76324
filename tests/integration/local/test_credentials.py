"""An operator's own credentials, wherever boto3 finds them, become what the stores read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError, NoRegionError

from local.credentials import use_operators

NAMES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("AWS_REGION", "AWS_DEFAULT_REGION"),
)


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials in the environment, but a profile in the files that boto3 reads."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    credentials, config = tmp_path / "credentials", tmp_path / "config"
    credentials.write_text("[ops]\naws_access_key_id = AKIAOPS\naws_secret_access_key = of-ops\n")
    config.write_text("[profile ops]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_a_profile_becomes_what_lambda_sets(profile: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "ops")
    environ = {"AWS_SESSION_TOKEN": "of somebody else"}
    use_operators(environ)
    assert environ == {
        "AWS_REGION": "eu-north-1",
        "AWS_ACCESS_KEY_ID": "AKIAOPS",
        "AWS_SECRET_ACCESS_KEY": "of-ops",
        "AWS_SESSION_TOKEN": "",
    }


def test_who_has_no_credentials_or_no_region_learns_so(
    profile: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoCredentialsError):
        use_operators({})
    monkeypatch.setenv("AWS_PROFILE", "ops")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    with pytest.raises(NoRegionError):
        use_operators({})
