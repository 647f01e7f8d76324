"""The bytes of a request's body."""

from __future__ import annotations

import pytest

from billing.domain.errors import MalformedRequest
from billing.request import raw_body


def test_a_byte_that_the_gateway_escaped_is_that_byte() -> None:
    assert raw_body({"body": "a\udcff"}) == b"a\xff"


def test_a_text_that_stands_for_no_bytes_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="not UTF-8"):
        raw_body({"body": "\ud800"})
