"""What the tests of CodaBench's doors share: a caller by token, and files that are sent."""

from typing import Any

import pytest

from app.leaderboards import service as leaderboards
from app.settings import settings
from app.submissions.models import Evaluation, Submission
from tests.leaderboards.test_service import score

GOOD = b'{"id": "p_000", "answer": "A", "explanation": "x"}\n{"id": "s_000", "answer": "B", "explanation": "y"}\n'


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(settings(), "uploads_dir", tmp_path / "uploads")


class Caller:
    """Somebody with a token, as CodaBench's clients write it."""

    def __init__(self, client: Any, world: Any, who: Any, *scopes: str) -> None:
        self.client, self.who = client, who
        self.headers = {"Authorization": world.token(who, *scopes)["Authorization"].replace("Bearer", "Token")}

    def __call__(self, method: str, path: str, status: int = 200, **given: Any) -> Any:
        answer = self.client.request(method, path, headers=self.headers, **given)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer

    def announce(self, length: int = len(GOOD), kind: str = "submission", name: str = "p.jsonl") -> tuple[str, str]:
        """The key and the address of an announced file."""
        given = {"type": kind, "request_sassy_file_name": name, "file_size": length}
        made = self("POST", "/api/datasets/", 201, data=given)
        return made["key"], made["sassy_url"]

    def send(self, content: bytes = GOOD, kind: str = "submission", name: str = "p.jsonl") -> str:
        """The key of a file that has come."""
        key, address = self.announce(len(content), kind, name)
        assert self.client.put(address, content=content).status_code == 200
        return key


@pytest.fixture
def call(client: Any, world: Any) -> Any:
    """Makes a caller of an account, of a new entrant without one."""
    return lambda who=None, *scopes: Caller(client, world, who or world.entrant(), *scopes)


def scored(session: Any, world: Any, who: Any, value: float) -> Submission:
    """A submission of theirs with this final score, on the board."""
    number = score(session, world, who, value)
    leaderboards.place(session, number)
    session.commit()
    return session.get_one(Evaluation, number).submission
