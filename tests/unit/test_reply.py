"""What is answered can be sent."""

from __future__ import annotations

from billing.reply import json_reply, text_reply


def test_what_has_no_utf_8_form_is_answered_as_a_question_mark() -> None:
    """Lambda's runtime encodes a reply, and drops one that it cannot encode."""
    assert json_reply({"name": "a\ud800b", "key": "😀"}).body == '{"name":"a?b","key":"😀"}'
    assert text_reply("\udfff", "text/plain").body == "?"
