"""The console's page and files, as a browser asks for them."""

from __future__ import annotations

import base64
import gzip
import re

import pytest

from functions.console.handler import ASSETS, lambda_handler
from tests.support.requests import Answer, LambdaContext, call, request

FILES = sorted(ASSETS.files)
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
}


def get(path: str, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(lambda_handler, request("GET", path, headers=sent))


def asset(name: str, version: str = ASSETS.version, **headers: str) -> Answer:
    return get(f"/console/{version}/{name}", **headers)


@pytest.mark.parametrize("path", ["/console", *(f"/console/{ASSETS.version}/{f}" for f in FILES)])
def test_everything_is_guarded(path: str) -> None:
    status, _, headers = get(path)
    assert status == 200
    assert set(headers["content-security-policy"].split("; ")) >= POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_its_type(name: str) -> None:
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert asset(name).headers["content-type"].startswith(kinds[name.rpartition(".")[2]])


def test_the_page_names_only_files_that_there_are() -> None:
    status, page, headers = get("/console")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    named = re.findall(r'(?:src|href)="console/([^/"]+)/([^"]+)"', page)
    assert {version for version, _ in named} == {ASSETS.version}
    assert {name for _, name in named} == set(FILES), "modules are loaded ahead, all at once"


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    page = get("/console").body
    assert "://" not in page
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_a_module_imports_only_its_neighbours(name: str) -> None:
    text = asset(name).body
    imported = re.findall(r'^(?:import|export) .*?from "(.+?)";', text, re.M | re.S)
    assert {each.removeprefix("./") for each in imported} <= set(FILES)
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|localStorage|sessionStorage"
        r"|indexedDB|document\.cookie",
        text,
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_of_a_size_to_be_read(name: str) -> None:
    lines = asset(name).body.splitlines()
    assert len(lines) <= 250
    assert max(map(len, lines)) <= 120


def test_the_page_is_asked_for_again_and_sent_once() -> None:
    first = get("/console")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for accepted in ("identity", "gzip"):
        again = get("/console", if_none_match=tag, accept_encoding=accepted)
        assert (again.status, again.body) == (304, "")
        assert again.headers["etag"] == tag
        assert "content-encoding" not in again.headers
    other = get("/console", if_none_match='"other"')
    assert other.status == 200


def test_a_file_is_kept_for_ever_by_its_version_alone() -> None:
    assert "immutable" in asset("main.js").headers["cache-control"]
    assert asset("main.js", version="older").headers["cache-control"] == "no-cache"
    tag = asset("main.js").headers["etag"]
    assert asset("main.js", if_none_match=f'W/{tag}, "x"').status == 304


def test_a_file_is_sent_compressed_to_who_takes_it() -> None:
    event = request("GET", "/console", headers={"Accept-Encoding": "gzip, br"})
    answer = lambda_handler(event, LambdaContext())  # type: ignore[arg-type]  # stands in
    assert answer["headers"]["Content-Encoding"] == "gzip"
    assert gzip.decompress(base64.b64decode(answer["body"])).decode() == ASSETS.page.text


@pytest.mark.parametrize(
    "path",
    [
        "/console/",
        "/console/x",
        f"/console/{ASSETS.version}/none.js",
        f"/console/{ASSETS.version}/index.html",
        f"/console/{ASSETS.version}/../handler.py",
        f"/console/{ASSETS.version}/..%2fhandler.py",
        f"/console/{ASSETS.version}/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        f"/console/{ASSETS.version}/..",
        f"/console/../{ASSETS.version}/main.js",
        f"/console/{ASSETS.version}//main.js",
        f"/console/{ASSETS.version}/main.js%00.css",
    ],
)
def test_no_path_leads_anywhere_else(path: str) -> None:
    status, body, headers = get(path)
    assert (status, body["code"]) == (404, "no_such_route")
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(method: str) -> None:
    assert call(lambda_handler, request(method, "/console")).status == 404
