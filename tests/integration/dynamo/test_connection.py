"""PynamoDB over our wire: its errors and answers are those that it has from a botocore client."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError, TransactWriteError, VerboseClientError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from billing.adapters.aws.endpoint import DYNAMODB
from billing.adapters.aws.wire import AwsWire
from billing.adapters.dynamo.connection import WiredConnection
from billing.domain.errors import TryAgain
from tests.support.peer import CLOSED, Act, Peer, answer, error, nobody
from tests.support.racing import all_at_once

REQUEST = {"x_amzn_requestid": "REQUEST-1"}
REFUSED = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}


class Thing(Model):
    """An item."""

    class Meta:
        """A table."""

        table_name = "things"

    pk = UnicodeAttribute(hash_key=True)


def wire_to(environ: dict[str, str]) -> AwsWire:
    return AwsWire(DYNAMODB, environ, sleep=lambda _seconds: None)


def wired(environ: dict[str, str]) -> WiredConnection:
    """Give the model a connection to there."""
    connection = WiredConnection(lambda: wire_to(environ))
    own = Thing._get_connection()
    connection.add_meta_table(own.get_meta_table())
    own.connection = connection
    return connection


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Leave no connection behind."""
    yield
    Thing._connection = None


def test_a_refusal_is_pynamodbs_own_error_with_code_request_and_table() -> None:
    with Peer(
        answer({**REFUSED, "message": "The conditional request failed"}, 400, **REQUEST)
    ) as peer:
        wired(peer.environ)
        with pytest.raises(PutError) as refused:
            Thing("a").save(condition=Thing.pk.does_not_exist())
    assert refused.value.cause_response_code == "ConditionalCheckFailedException"
    assert refused.value.cause_response_message == "The conditional request failed"
    assert "request (REQUEST-1) on table (things) when calling the PutItem" in str(refused.value)


def cancelled(*codes: str) -> Act:
    reasons = [{"Code": code, **({"Message": "no"} if code != "None" else {})} for code in codes]
    type_ = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    return answer({"__type": type_, "Message": "cancelled", "CancellationReasons": reasons}, 400)


def put_two(connection: WiredConnection) -> None:
    with TransactWrite(connection=connection) as transaction:
        transaction.save(Thing("a"))
        transaction.save(Thing("b"))


def test_a_cancelled_transaction_tells_its_reasons_in_order() -> None:
    refusal = cancelled("None", "ConditionalCheckFailed")
    with Peer(refusal) as peer, pytest.raises(TransactWriteError) as refused:
        put_two(wired(peer.environ))
    assert refused.value.cause_response_code == "TransactionCanceledException"
    assert isinstance(refused.value.cause, VerboseClientError)
    first, second = refused.value.cancellation_reasons
    assert (first, second and second.code) == (None, "ConditionalCheckFailed")


def test_a_transaction_is_sent_again_under_one_token_and_the_next_under_another() -> None:
    with Peer(CLOSED, error("InternalServerError", 500), answer({}), answer({})) as peer:
        connection = wired(peer.environ)
        put_two(connection)
        put_two(connection)
    tokens = [json.loads(body)["ClientRequestToken"] for _, body in peer.requests]
    assert len(tokens) == 4
    assert tokens[0] == tokens[1] == tokens[2] != tokens[3]


def test_trouble_that_stays_is_told_as_trouble_that_passes() -> None:
    with Peer(*[error("ThrottlingException")] * 3) as peer:
        wired(peer.environ)
        with pytest.raises(TryAgain):
            Thing("a").save()
    assert len(peer.requests) == 3


def test_pages_are_gone_through_to_the_last() -> None:
    key = {"pk": {"S": "a"}}
    first, last = ({"Items": [{"pk": {"S": pk}}], "Count": 1, "ScannedCount": 1} for pk in "ab")
    with Peer(answer({**first, "LastEvaluatedKey": key}), answer(last)) as peer:
        wired(peer.environ)
        assert [thing.pk for thing in Thing.query("a", consistent_read=True)] == ["a", "b"]
    asked = [json.loads(body) for _, body in peer.requests]
    assert asked[1]["ExclusiveStartKey"] == key
    assert all(each["ConsistentRead"] for each in asked)


def test_nothing_is_asked_but_what_was_called() -> None:
    with Peer(answer({"Item": {"pk": {"S": "a"}}})) as peer:
        wired(peer.environ)
        assert Thing.get("a", consistent_read=True).pk == "a"
    ((headers, _),) = peer.requests
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["user-agent"] == "billing"


def test_threads_do_not_wait_for_one_another() -> None:
    wired = WiredConnection(lambda: wire_to(nobody())).wired
    wires = all_at_once([lambda: wired.wire for _ in range(4)])
    assert len({id(wire) for wire in [*wires, wired.wire]}) == 5
    assert wired.wire is wired.wire
