"""What no page answers is a page for browsers and a problem for programs; an error of ours tells its number alone."""

import pytest
from fastapi.testclient import TestClient

from app.main import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def broken(servers):
    """The application with a page that breaks."""
    app = create_app()

    def fail() -> None:
        raise RuntimeError("a secret of ours")

    app.get("/breaks")(fail)
    app.get("/api/breaks")(fail)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/no/such/page", 404, "There is nothing at"),
        ("GET", "/<script>alert(1)</script>", 404, "&lt;script&gt;"),
        ("DELETE", "/login", 405, "Method Not Allowed"),
        ("GET", "/breaks", 500, "Number of this request:"),
    ],
)
def test_browsers_get_a_page(broken, method, path, status, words):
    answer = broken.request(method, path, headers=BROWSER)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert words in answer.text
    assert "<script>alert" not in answer.text
    assert "secret of ours" not in answer.text
    assert answer.headers["content-security-policy"]
    if status == 500:
        assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/no/such/page", {}, 404),
        ("/api/v1/nothing", BROWSER, 404),
        ("/breaks", {}, 500),
        ("/api/breaks", BROWSER, 500),
    ],
)
def test_programs_get_a_problem(broken, path, headers, status):
    answer = broken.get(path, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret of ours" not in answer.text
