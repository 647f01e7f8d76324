"""A rotation, step by step, and what each step costs a verifier."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import boto3
from moto import mock_aws

from billing.adapters.token_keys import published_keys, signing_key
from billing.services.sign_access import LIFETIME
from billing.settings import SECRET_MAX_AGE
from functions.entitlements.tokens import KEYS_MAX_AGE
from local import signing_key as command
from local.signing_key import OVERLAP, Fields, step

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stepped(fields: Fields, now: datetime) -> Fields:
    wanted, _ = step(fields, now)
    assert wanted is not None
    return wanted


def kids(fields: Fields) -> set[str]:
    return {key["kid"] for key in published_keys(fields)}


def test_the_overlap_is_longer_than_all_that_is_kept_together() -> None:
    assert OVERLAP.total_seconds() >= SECRET_MAX_AGE + KEYS_MAX_AGE + LIFETIME


def test_the_first_key_signs_at_once() -> None:
    first = stepped({}, NOW)
    assert set(first) == {"current"}
    assert signing_key(first).kid in kids(first)


def test_a_key_is_published_before_it_signs_and_after() -> None:
    fields, now = stepped({}, NOW), NOW
    for _ in range(4):
        signs = signing_key(fields).kid
        announced = stepped(fields, now)
        assert signing_key(announced).kid == signs
        assert kids(announced) >= kids({"current": fields["current"]})
        (coming,) = kids({"next": announced["next"]})
        assert coming not in kids(fields)
        turned = stepped(announced, now + OVERLAP)
        assert signing_key(turned).kid == coming
        assert {signs, coming} == kids(turned)
        fields, now = turned, now + OVERLAP


def test_the_key_before_stays_published_while_the_next_one_is_made() -> None:
    first = stepped({}, NOW)
    turned = stepped(stepped(first, NOW), NOW + OVERLAP)
    announced = stepped(turned, NOW + OVERLAP)
    assert kids(announced) > kids(turned) >= kids(first)


def test_too_early_a_step_changes_nothing_and_says_when() -> None:
    announced = stepped(stepped({}, NOW), NOW)
    wanted, sentence = step(announced, NOW + OVERLAP - timedelta(seconds=1))
    assert wanted is None
    assert "12:15:00" in sentence


@mock_aws
def test_a_step_is_written_to_the_secret_and_no_key_is_told() -> None:
    secrets = boto3.client(
        "secretsmanager", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    secrets.create_secret(Name="keys", SecretString="{}")

    def stored() -> Fields:
        found: Fields = json.loads(secrets.get_secret_value(SecretId="keys")["SecretString"])
        return found

    made = [command.advance(secrets, "keys", NOW) for _ in range(3)]
    assert [is_made for is_made, _ in made] == [True, True, False]
    assert set(stored()) == {"current", "next", "next_since"}
    told = " ".join(sentence for _, sentence in made)
    assert kids(stored()) <= set(told.replace(",", "").split())
    assert not any(stored()[name] in told for name in ("current", "next"))
