"""Changes that could not be announced are read where they stand in the stream, page by page."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from local.announce_again import Changes
from local.console import LocalError

BATCH = {
    "streamArn": "arn:stream",
    "shardId": "shard-1",
    "startSequenceNumber": "101",
    "endSequenceNumber": "103",
}


def record(number: int) -> dict[str, Any]:
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    return {"dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": at}}


@dataclass
class Aws:
    """The queue, the stream and the function, as AWS documents their answers."""

    pages: list[list[int]]
    fails: bool = False
    letters: list[str] = field(default_factory=lambda: [json.dumps({"DDBStreamBatchInfo": BATCH})])
    announced: list[list[str]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.letters))}}

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": [{"Body": each, "ReceiptHandle": each} for each in self.letters]}

    def delete_message(self, *, ReceiptHandle: str, **_: Any) -> None:  # noqa: N803 - boto3's name
        self.letters.remove(ReceiptHandle)

    def get_shard_iterator(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return {"ShardIterator": "first"}

    def get_records(self, **_: Any) -> dict[str, Any]:
        page = self.pages.pop(0)
        return {"Records": [record(number) for number in page], "NextShardIterator": "next"}

    def invoke(self, *, Payload: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        records = json.loads(Payload)["Records"]
        self.announced.append([each["dynamodb"]["SequenceNumber"] for each in records])
        failed = [{"itemIdentifier": "101"}] if self.fails else []
        return {"Payload": io.BytesIO(json.dumps({"batchItemFailures": failed}).encode())}

    def changes(self) -> Changes:
        return Changes(self, self, self, "dead", "publish")


def test_the_changes_from_the_first_to_the_last_are_announced_and_settled() -> None:
    aws = Aws([[101, 102], [103, 104]])
    assert aws.changes().redrive() == 1
    assert aws.announced == [["101", "102"], ["103"]]
    assert aws.asked["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
    assert aws.asked["SequenceNumber"] == "101"
    assert aws.changes().count() == 0


def test_a_change_that_still_cannot_be_announced_stays() -> None:
    aws = Aws([[101, 102, 103]], fails=True)
    with pytest.raises(LocalError, match="101"):
        aws.changes().redrive()
    assert aws.changes().count() == 1


def test_nothing_more_is_read_than_there_is() -> None:
    aws = Aws([[101], []])
    assert aws.changes().redrive() == 1
    assert aws.announced == [["101"]]
