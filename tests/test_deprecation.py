"""A route that is to go says so in every answer and in the document."""

from datetime import UTC, datetime

from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.deprecation import leaving
from app.errors import NotFound
from app.middleware import SecurityHeaders
from app.problems import install


def test_it_says_since_when_until_when_and_what_takes_its_place():
    app = FastAPI()
    install(app)
    app.add_middleware(SecurityHeaders)
    since, until = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)

    @app.get("/old", **leaving(since, until, instead="/new"))
    def old(found: bool = True) -> str:
        """An old route."""
        if not found:
            raise NotFound
        return "still here"

    @app.get("/new")
    def new() -> str:
        """A new route."""
        return "here"

    client = TestClient(app)
    for query, status in (("", 200), ("?found=0", 404)):
        answer = client.get(f"/old{query}")
        assert answer.status_code == status
        assert answer.headers["deprecation"] == "@1796083200"
        assert answer.headers["sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
        assert answer.headers["link"] == '</new>; rel="successor-version"'
    assert "deprecation" not in client.get("/new").headers
    assert client.get("/openapi.json").json()["paths"]["/old"]["get"]["deprecated"]
