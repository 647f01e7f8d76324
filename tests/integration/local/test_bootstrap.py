"""The first admin key is made with an operator's own credentials, wherever boto3 finds them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import NoCredentialsError, NoRegionError

from billing.adapters.dynamo.catalog_store import CatalogStore
from billing.auth import hash_of
from billing.settings import Settings
from local import bootstrap
from local.credentials import use_operators
from tests.support.template import create_table_arguments

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


def test_the_key_that_is_printed_opens_the_admin_api(
    deployment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    table = create_table_arguments("CatalogTable", "catalog-of-a-stack")
    resources = {"CatalogTable": {"Type": "AWS::DynamoDB::Table", "Properties": table}}
    boto3.client("cloudformation").create_stack(
        StackName="a-stack", TemplateBody=json.dumps({"Resources": resources})
    )
    assert bootstrap.main(["--stack", "a-stack", "--operator", "Ada"]) == 0
    key = capsys.readouterr().out.strip()
    record = CatalogStore(Settings(catalog_table="catalog-of-a-stack")).record_of(hash_of(key))
    assert record
    assert (record.name, record.scopes) == ("Ada", frozenset({"admin"}))


def test_a_stack_that_is_not_there_is_told(
    deployment: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bootstrap.main(["--stack", "no-stack", "--operator", "Ada"]) == 1
    assert "No key was made" in capsys.readouterr().err
