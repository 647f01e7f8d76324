"""A backup of a stack on moto, where AWS fails in the midst of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws

from local import backup
from local.backup_tables import TABLES, Tables
from local.console import LocalError
from local.place import table_name

STACK = "billing-dev"
NAMES = [table_name(STACK, table) for table in TABLES]
Json = dict[str, Any]
Answers = Callable[[str, Callable[[Json], Json | None]], None]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stack with the six tables."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        for name in NAMES:
            boto3.client("dynamodb").create_table(
                TableName=name,
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            put(name, "a", "b", "c")
        yield


@pytest.fixture
def answers() -> Iterator[Answers]:
    """Let DynamoDB answer a call otherwise, where the function of what it asks gives an answer."""

    def register(operation: str, answer: Callable[[Json], Json | None]) -> None:
        def instead(params: Json, **_: object) -> tuple[AWSResponse, Json] | None:
            told = answer(json.loads(params["body"]))
            if told is None:
                return None
            status = 400 if "Error" in told else 200
            return AWSResponse("", status, HTTPHeaders(), None), told

        session: Any = boto3.DEFAULT_SESSION
        session.events.register(f"before-call.dynamodb.{operation}", instead)

    boto3.setup_default_session()
    yield register
    boto3.setup_default_session()


def put(name: str, *keys: str) -> None:
    for key in keys:
        boto3.client("dynamodb").put_item(TableName=name, Item={"pk": {"S": key}})


def empty() -> None:
    for name in NAMES:
        for item in boto3.client("dynamodb").scan(TableName=name)["Items"]:
            boto3.client("dynamodb").delete_item(TableName=name, Key=item)


def step(name: str, folder: Path, *more: str) -> int:
    return backup.main([name, "--stack", STACK, "--folder", str(folder), *more])


def test_what_was_backed_up_comes_back(stack: None, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    assert step("backup", folder) == 0
    assert json.loads((folder / "manifest.json").read_text())["items"] == dict.fromkeys(TABLES, 3)
    empty()
    assert step("compare", folder) == 1
    assert step("restore", folder) == 0
    assert step("compare", folder) == 0


def test_a_backup_that_failed_midway_is_not_restored(
    stack: None, answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, last = tmp_path / "backup", NAMES[-1]
    refusal = {"Error": {"Code": "AccessDeniedException", "Message": "not any more"}}
    answers("Scan", lambda asked: refusal if asked["TableName"] == last else None)
    assert step("backup", folder) == 1
    assert "AccessDeniedException" in capsys.readouterr().err
    for name in ("restore", "compare"):
        assert step(name, folder) == 1
        assert "cut short. Take another" in capsys.readouterr().err


def test_what_dynamodb_has_no_room_for_is_written_after_longer_and_longer_pauses(
    stack: None, answers: Answers, tmp_path: Path
) -> None:
    assert step("backup", tmp_path / "backup") == 0
    empty()
    full = iter([True] * 12)
    answers(
        "BatchWriteItem",
        lambda asked: {"UnprocessedItems": asked["RequestItems"]} if next(full, False) else None,
    )
    waited: list[float] = []
    Tables(STACK, waited.append).restore(tmp_path / "backup", resume=False)
    assert waited[:3] == [0.05, 0.1, 0.2]
    assert waited[-3:] == [20.0, 20.0, 20.0]
    assert step("compare", tmp_path / "backup") == 0


def test_a_table_that_takes_no_more_is_told(stack: None, answers: Answers, tmp_path: Path) -> None:
    assert step("backup", tmp_path / "backup") == 0
    empty()
    answers("BatchWriteItem", lambda asked: {"UnprocessedItems": asked["RequestItems"]})
    with pytest.raises(LocalError, match="go on with --resume"):
        Tables(STACK, lambda _: None).restore(tmp_path / "backup", resume=False)
