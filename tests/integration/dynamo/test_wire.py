"""DynamoDB's protocol without the SDK: what is sent, and what each fault costs."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.loaders import Loader
from botocore.regions import EndpointResolver
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from billing.adapters.aws import wire
from billing.adapters.aws.endpoint import DYNAMODB, SECRETS_MANAGER, SQS, Endpoint, Service
from billing.adapters.aws.sigv4 import Credentials
from billing.adapters.aws.wire import AwsError, AwsWire
from billing.domain.errors import TryAgain
from tests.support import peer
from tests.support.aws_signature import is_signed
from tests.support.peer import Act, Peer, answer, error

ASKED = {"TableName": "accounts", "Key": {"pk": {"S": "demo#\N{SNOWMAN}"}}}
FOUND = answer({"Item": {"pk": {"S": "demo#1"}}})


def wired(environ: dict[str, str], pauses: list[float] | None = None) -> AwsWire:
    kept = pauses if pauses is not None else []
    return AwsWire(DYNAMODB, environ, sleep=kept.append, chance=lambda: 1.0, read_timeout=0.1)


def test_a_call_is_signed_as_botocore_signs_it_and_the_answer_is_read() -> None:
    with Peer(FOUND) as dynamodb:
        found = wired(dynamodb.environ).call("GetItem", ASKED)
    assert found == {"Item": {"pk": {"S": "demo#1"}}}
    ((headers, body),) = dynamodb.requests
    assert json.loads(body) == ASKED
    assert headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    credentials = Credentials.read(dynamodb.environ)
    assert is_signed("POST", headers, body, credentials, region="eu-west-1", service="dynamodb")


def test_the_connection_is_kept_from_init_on() -> None:
    with Peer(FOUND, FOUND, FOUND) as dynamodb:
        dynamo = wired(dynamodb.environ)
        dynamo.open()
        dynamo.open()  # as by each of two handlers that a process has
        for _ in range(3):
            dynamo.call("GetItem", ASKED)
        dynamo.close()
    assert (dynamodb.connections, len(dynamodb.requests)) == (1, 3)


PASSING = {
    "closed": peer.CLOSED,
    "reset": peer.RESET,
    "reset while answering": peer.RESET_AFTER,
    "truncated": peer.TRUNCATED,
    "damaged": peer.DAMAGED,
    "not JSON": peer.NOT_JSON,
    "no object": Act(content=b"[]"),
    "silent": peer.SILENT,
    "500": error("InternalServerError", 500),
    "503": Act(status=503, content=b""),
    "429": Act(status=429, content=b""),
    "throttled": error("ProvisionedThroughputExceededException"),
    "slow down": error("ThrottlingException"),
    "transaction": error("TransactionInProgressException"),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_costs_one_request_more(fault: Act) -> None:
    pauses: list[float] = []
    with Peer(fault, FOUND) as dynamodb:
        assert wired(dynamodb.environ, pauses).call("GetItem", ASKED)["Item"]
    assert (len(dynamodb.requests), pauses) == (2, [0.05])


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_stays_costs_three_requests(fault: Act) -> None:
    pauses: list[float] = []
    with Peer(fault, fault, fault, FOUND) as dynamodb, pytest.raises(TryAgain) as refused:
        wired(dynamodb.environ, pauses).call("GetItem", ASKED)
    assert (len(dynamodb.requests), pauses) == (3, [0.05, 0.1])
    assert refused.value.__cause__


def test_a_connection_that_is_refused_is_tried_three_times() -> None:
    pauses: list[float] = []
    dynamo = wired(peer.nobody(), pauses)
    dynamo.open()
    with pytest.raises(TryAgain) as refused:
        dynamo.call("GetItem", ASKED)
    assert isinstance(refused.value.__cause__, ConnectionRefusedError)
    assert pauses == [0.05, 0.1]


def test_more_attempts_are_made_for_as_long_as_they_fit() -> None:
    now, pauses = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    throttled = error("ThrottlingException")
    with Peer(*[throttled] * 20) as dynamodb, pytest.raises(TryAgain):
        AwsWire(
            DYNAMODB,
            dynamodb.environ,
            attempts=20,
            clock=lambda: now[0],
            sleep=sleep,
            chance=lambda: 1.0,
        ).call("GetItem", ASKED)
    assert pauses[:6] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]
    assert sum(pauses[:-1]) < wire.PATIENCE <= sum(pauses)


def test_pauses_grow_to_a_bound_and_are_drawn_at_random() -> None:
    assert wire.FIRST_PAUSE * 2 ** (wire.ATTEMPTS - 2) <= wire.LONGEST_PAUSE
    pauses: list[float] = []
    with Peer(peer.CLOSED, peer.CLOSED, FOUND) as dynamodb:
        draws = iter((0.5, 0.25))
        dynamo = AwsWire(
            DYNAMODB, dynamodb.environ, sleep=pauses.append, chance=lambda: next(draws)
        )
        dynamo.call("GetItem", ASKED)
    assert pauses == [0.025, 0.025]


@pytest.mark.parametrize("ends", ["close", "reset"])
def test_a_connection_that_was_given_up_meanwhile_is_opened_again_at_no_cost(ends: str) -> None:
    pauses: list[float] = []
    with Peer(answer({}, ends=ends), FOUND) as dynamodb:
        dynamo = wired(dynamodb.environ, pauses)
        dynamo.call("GetItem", ASKED)
        assert dynamo.call("GetItem", ASKED)["Item"]
    assert (dynamodb.connections, len(dynamodb.requests), pauses) == (2, 2, [])


def test_only_one_reopening_is_free() -> None:
    pauses: list[float] = []
    with Peer(answer({}), peer.CLOSED, peer.CLOSED, peer.CLOSED, peer.CLOSED, FOUND) as dynamodb:
        dynamo = wired(dynamodb.environ, pauses)
        dynamo.call("GetItem", ASKED)
        with pytest.raises(TryAgain):
            dynamo.call("GetItem", ASKED)
    assert (len(dynamodb.requests), len(pauses)) == (1 + 1 + 3, 2)


def test_a_late_answer_is_never_taken_for_the_next_ones() -> None:
    with Peer(peer.SILENT, FOUND) as dynamodb:
        wired(dynamodb.environ).call("GetItem", ASKED)
    assert dynamodb.connections == 2


def test_a_connection_that_the_other_side_ends_is_not_kept() -> None:
    last = answer({"Item": {}}, ends="close", Connection="close")
    with Peer(last, FOUND) as dynamodb:
        dynamo = wired(dynamodb.environ)
        assert dynamo.call("GetItem", ASKED) == {"Item": {}}
        assert dynamo.call("GetItem", ASKED)["Item"]
    assert dynamodb.connections == 2


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (error("AccessDeniedException"), "AccessDeniedException"),
        (error("ResourceNotFoundException"), "ResourceNotFoundException"),
        (error("ExpiredTokenException"), "ExpiredTokenException"),
        (answer({"message": "no"}, 400, x_amzn_errortype="Nope:http://internal/"), "Nope"),
        (Act(status=403, content=b""), "UnknownError"),
        (Act(status=400, content=b"[]"), "UnknownError"),
    ],
)
def test_a_refusal_is_not_tried_again_and_names_its_code(refusal: Act, code: str) -> None:
    with Peer(refusal, FOUND) as dynamodb, pytest.raises(AwsError) as refused:
        wired(dynamodb.environ).call("GetItem", ASKED)
    assert (refused.value.code, len(dynamodb.requests)) == (code, 1)


def test_renewed_credentials_are_used_from_the_next_call_on() -> None:
    with Peer(FOUND, FOUND) as dynamodb:
        environ = dynamodb.environ
        dynamo = wired(environ)
        dynamo.call("GetItem", ASKED)
        environ |= {"AWS_ACCESS_KEY_ID": "ASIA2", "AWS_SESSION_TOKEN": "token-2"}
        dynamo.call("GetItem", ASKED)
    first, second = (headers for headers, _ in dynamodb.requests)
    assert (first["x-amz-security-token"], second["x-amz-security-token"]) == ("token-1", "token-2")
    assert "Credential=ASIA2/" in second["authorization"]


def test_what_is_tried_again_is_what_the_sdk_tries_again() -> None:
    throttled: Any = ThrottledRetryableChecker
    passing: Any = TransientRetryableChecker
    throttling, transient = throttled._THROTTLED_ERROR_CODES, passing._TRANSIENT_ERROR_CODES
    assert {*throttling, *transient} - {"EC2ThrottledException"} == wire.PASSING
    assert {429, *passing._TRANSIENT_STATUS_CODES} == wire.PASSING_STATUS


class TestEndpoint:
    @pytest.mark.parametrize("service", [DYNAMODB, SQS, SECRETS_MANAGER])
    @pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
    def test_it_is_botocores_in_every_region(self, partition: str, service: Service) -> None:
        resolver: Any = EndpointResolver(Loader().load_data("endpoints"))
        regions = boto3.Session().get_available_regions(service.name, partition_name=partition)
        assert regions
        for region in regions:
            endpoint = Endpoint.read(service, {"AWS_REGION": region})
            assert endpoint.host == resolver.construct_endpoint(service.name, region)["hostname"]
            assert (endpoint.port, endpoint.is_secure, endpoint.region) == (443, True, region)

    @pytest.mark.parametrize(
        ("environ", "authority", "is_secure"),
        [
            ({}, "dynamodb.eu-west-1.amazonaws.com", True),
            ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, "127.0.0.1:4566", False),
            ({"AWS_ENDPOINT_URL": "http://localhost/"}, "localhost", False),
            ({"AWS_ENDPOINT_URL": "http://[::1]:8000"}, "[::1]:8000", False),
            (
                {"AWS_ENDPOINT_URL": "http://a:1", "AWS_ENDPOINT_URL_DYNAMODB": "https://b"},
                "b",
                True,
            ),
        ],
    )
    def test_another_one_can_be_named(
        self, environ: dict[str, str], authority: str, is_secure: bool
    ) -> None:
        endpoint = Endpoint.read(DYNAMODB, {"AWS_REGION": "eu-west-1", **environ})
        assert (endpoint.authority, endpoint.is_secure) == (authority, is_secure)

    @pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://", "http://host/path"])
    def test_what_is_no_endpoint_is_refused(self, url: str) -> None:
        with pytest.raises(ValueError, match="endpoint"):
            Endpoint.read(DYNAMODB, {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": url})

    def test_a_connection_over_tls_verifies_who_answers(self) -> None:
        connection: Any = Endpoint.read(DYNAMODB, {"AWS_REGION": "eu-west-1"}).connection(1.0)
        assert connection._context.verify_mode.name == "CERT_REQUIRED"
        assert connection._context.check_hostname
