"""The language of a page: cookie before browser, texts, dates and numbers by it."""

from datetime import UTC, datetime

import pytest
from fastapi import Request

from app.web import language


def asking(accept: str = "", cookie: str = "") -> Request:
    headers = [(b"accept-language", accept.encode()), (b"cookie", f"lang={cookie}".encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""})


@pytest.mark.parametrize(
    ("accept", "cookie", "chosen"),
    [
        ("", "", "en"),
        ("de", "", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "", "de"),
        ("fr, en;q=0.5, de;q=0.7", "", "de"),
        ("de", "en", "en"),
        ("de", "xx", "de"),
        ("*;q=x, ,;;", "", "en"),
        ("fr", "", "en"),
    ],
)
def test_the_language_is_the_cookies_else_the_browsers(accept: str, cookie: str, chosen: str) -> None:
    assert language.language_of(asking(accept, cookie)) == chosen


def test_texts_dates_and_numbers_follow_the_language_within_its_block_only() -> None:
    at = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
    with language.speaking("de"):
        assert language.gettext("Log in") == "Anmelden"
        assert language.written_moment(at) == "01.03.2026, 09:05"
        assert language.written_number(0.5, 4) == "0,5000"
    assert language.gettext("Log in") == "Log in"
    assert (language.written_moment(at), language.written_number(0.5, 4)) == ("2026-03-01 09:05", "0.5000")
