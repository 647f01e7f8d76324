"""Announces changes again that could not be announced: from where they stand in the stream.

Lambda puts no records among the dead letters, only from where to where in the accounts table's
stream they are; the stream keeps them for 24 hours. They are read there, and given to the function
that publishes, as its event source would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.console import LocalError

HIDDEN_SECONDS = 120
"""How long a message stays out of sight while its changes are announced."""

PAGE = 100


@dataclass(frozen=True)
class Changes:
    """The dead letters of the stream, and how to speak to all that it takes.

    Attributes:
        source: the function that publishes.
    """

    sqs: Any
    streams: Any
    functions: Any
    dead_letters: str
    source: str

    def count(self) -> int:
        """How many dead letters wait; each is about one or more changes."""
        found = self.sqs.get_queue_attributes(
            QueueUrl=self.dead_letters, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def redrive(self) -> int:
        """Announce all changes that the dead letters are about.

        Returns:
            How many dead letters are settled.

        Raises:
            LocalError: a change still cannot be announced; its dead letter stays.
            ClientError: the stream has let the changes go; the account's history has them.
        """
        settled = 0
        while messages := self._received():
            for message in messages:
                self._announce(json.loads(message["Body"])["DDBStreamBatchInfo"])
                self.sqs.delete_message(
                    QueueUrl=self.dead_letters, ReceiptHandle=message["ReceiptHandle"]
                )
                settled += 1
        return settled

    def _received(self) -> list[dict[str, Any]]:
        received = self.sqs.receive_message(
            QueueUrl=self.dead_letters, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS
        )
        messages: list[dict[str, Any]] = received.get("Messages", [])
        return messages

    def _announce(self, batch: dict[str, Any]) -> None:
        for records in self._pages(batch):
            payload = json.dumps({"Records": records}, default=lambda instant: instant.timestamp())
            answer = self.functions.invoke(FunctionName=self.source, Payload=payload)
            said = json.load(answer["Payload"])
            if answer.get("FunctionError") or said["batchItemFailures"]:
                where = batch["startSequenceNumber"]
                message = f"The changes from {where} on still cannot be announced; see the log."
                raise LocalError(message)

    def _pages(self, batch: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """Read the records of a batch, a page at a time."""
        iterator = self.streams.get_shard_iterator(
            StreamArn=batch["streamArn"],
            ShardId=batch["shardId"],
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch["startSequenceNumber"],
        )["ShardIterator"]
        last = int(batch["endSequenceNumber"])
        while iterator:
            read = self.streams.get_records(ShardIterator=iterator, Limit=PAGE)
            numbered = [(int(r["dynamodb"]["SequenceNumber"]), r) for r in read["Records"]]
            wanted = [record for number, record in numbered if number <= last]
            if wanted:
                yield wanted
            if not numbered or numbered[-1][0] >= last:
                return
            iterator = read.get("NextShardIterator")
