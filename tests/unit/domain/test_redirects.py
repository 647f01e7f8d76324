from __future__ import annotations

import pytest

from billing.domain.errors import InvalidInput
from billing.domain.redirects import check_redirect

ORIGINS = ("https://app.example.com", "https://beta.example.com:8443", "https://xn--bcher-kva.de/")


def leads_home(url: str, *, local_is_allowed: bool = False) -> bool:
    try:
        check_redirect("return_url", url, ORIGINS, local_is_allowed=local_is_allowed)
    except InvalidInput:
        return False
    return True


def test_the_error_names_the_field_and_not_the_url() -> None:
    with pytest.raises(InvalidInput) as raised:
        check_redirect("return_url", "https://evil.com", ORIGINS)
    assert raised.value.status == 422
    assert [error.field for error in raised.value.errors] == ["return_url"]
    assert "evil" not in raised.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/done?session={CHECKOUT_SESSION_ID}",
        "https://app.example.com/done?session=%7BCHECKOUT_SESSION_ID%7D&next=/a/b",
        "https://app.example.com/#/billing?from=stripe",
        "https://app.example.com?done=1",
        "https://app.example.com#done",
        "https://app.example.com:443/done",
        "HTTPS://APP.EXAMPLE.COM/Done",
        "https://app.example.com/@evil.com",
        "https://app.example.com/?next=https://evil.com",
        "https://beta.example.com:8443/done",
        "https://xn--bcher-kva.de/fertig",
    ],
)
def test_a_url_of_an_allowed_origin_leads_home(url: str) -> None:
    assert leads_home(url)


@pytest.mark.parametrize(
    "url",
    [
        # another origin
        "https://evil.com",
        "https://evil.com/app.example.com",
        "https://evil.com?https://app.example.com",
        "https://app.example.com.evil.com",
        "https://evilapp.example.com",
        "https://example.com",
        "https://sub.app.example.com",
        "https://app.example.com.",
        "https://app.example.com:444",
        "https://app.example.com:80",
        "https://beta.example.com",
        # no TLS
        "http://app.example.com",
        "http://app.example.com:443",
        # another scheme, or none
        "javascript:alert(1)//https://app.example.com",
        "data:text/html,https://app.example.com",
        "ftp://app.example.com",
        "file:///etc/passwd",
        "app.example.com",
        "//app.example.com",
        "/done",
        "",
        "https:app.example.com",
        "https:/app.example.com",
        "https:///app.example.com",
        "https:////app.example.com",
        "https://",
        "://app.example.com",
        # user info
        "https://app.example.com@evil.com",
        "https://app.example.com:443@evil.com",
        "https://user:pass@app.example.com",
        "https://@app.example.com",
        "https://app.example.com%40evil.com",
        "https://app.example.com%2540evil.com",
        # what browsers read as a slash, or leave out
        "https://app.example.com\\@evil.com",
        "https://evil.com\\@app.example.com",
        "https:\\\\app.example.com",
        "https://app.example.com\\.evil.com",
        "https://app.example.com/\\evil.com",
        "https://app.example.com\t.evil.com",
        "https://app.exam\nple.com",
        "https://app.example.com/\r\nLocation: https://evil.com",
        "https://app.example.com/\x00",
        "https://app.example.com/\x7f",
        " https://app.example.com",
        "https://app.example.com ",
        "https://app.example.com/a b",
        "\ufeffhttps://app.example.com",
        # Unicode
        "https://bücher.de/",
        "https://app.example。com",
        "https://аpp.example.com",  # noqa: RUF001 - a Cyrillic letter: the attack
        "https://app.example.com／evil.com",  # noqa: RUF001 - a wide slash: the attack
        "https://app.example.com/\u202e",
        "https://app.example.com/\ud800",
        # ports and hosts that are none
        "https://app.example.com:",
        "https://app.example.com:/done",
        "https://app.example.com:0443",
        "https://app.example.com:99999999",
        "https://app.example.com:+443",
        "https://app.example.com:４４３",  # noqa: RUF001 - wide digits: the attack
        "https://.app.example.com",
        "https://app..example.com",
        "https://[app.example.com]",
        "https://app%2eexample%2ecom",
        # marks that end an attribute
        'https://app.example.com/"onload="',
        "https://app.example.com/<script>",
        "https://app.example.com/`",
        "https://app.example.com/" + "a" * 2048,
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    assert not leads_home(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:3000/done",
        "http://localhost",
        "https://localhost:8443/",
        "http://127.0.0.1:8000/{CHECKOUT_SESSION_ID}",
        "http://[::1]:5173/",
        "http://LOCALHOST:3000",
    ],
)
def test_this_machine_is_home_in_development_only(url: str) -> None:
    assert leads_home(url, local_is_allowed=True)
    assert not leads_home(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost.evil.com",
        "http://localhost@evil.com",
        "http://127.0.0.1.evil.com",
        "http://127.0.0.2",
        "http://0.0.0.0",
        "http://2130706433",
        "http://app.example.com",
        "http://[::]",
        "http://[::ffff:127.0.0.1]",
    ],
)
def test_development_opens_nothing_but_this_machine(url: str) -> None:
    assert not leads_home(url, local_is_allowed=True)


def test_localhost_among_the_origins_needs_tls_outside_of_development() -> None:
    with pytest.raises(InvalidInput):
        check_redirect("return_url", "http://localhost:3000", ["http://localhost:3000"])


def test_a_project_without_origins_redirects_nowhere() -> None:
    with pytest.raises(InvalidInput):
        check_redirect("return_url", "https://app.example.com", [])


def test_an_origin_that_is_none_allows_nothing() -> None:
    with pytest.raises(InvalidInput):
        check_redirect("return_url", "https://app.example.com", ["*", "", "app.example.com"])
