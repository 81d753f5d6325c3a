"""The plain form and the script's doors: a free check, one submission for one key, refusals in place."""

from typing import Any

import pytest
from sqlalchemy import func, select

from app.submissions.models import Submission
from tests.web.me.test_submissions import Site, shown, site

__all__ = ["site"]
GOOD = b'{"id": "p_000", "answer": "A", "explanation": "x"}\n{"id": "s_000", "answer": "B", "explanation": "y"}\n'
BAD = b'{"id": "p_000", "answer": "<script>", "explanation": "x"}\n'
AT = "/competitions/pairs/phases/main"


def send(site: Site, path: str, content: bytes = GOOD, name: str = "x.jsonl", **more: str) -> Any:
    return site.client.post(
        path, headers={**site.headers, **more}, files={"file": (name, content)}, follow_redirects=False
    )


def count(site: Site) -> int:
    return site.session.scalar(select(func.count()).select_from(Submission)) or 0


def test_a_form_sent_twice_is_one_submission(site: Site) -> None:
    page = shown(site.get("/competitions/pairs"))
    action = page.partition(f'action="{AT}/submit?')[2].partition('"')[0]
    assert len(action) > 20
    answers = [send(site, f"{AT}/submit?{action}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert count(site) == 1
    other = send(site, f"{AT}/submit?{action}", GOOD + b"\n")
    assert "Idempotency" in shown(other, 409)
    assert action not in other.text  # the page has a fresh key


def test_a_check_costs_nothing_and_tells_all(site: Site) -> None:
    assert "This file is valid" in shown(send(site, f"{AT}/check"))
    text = shown(send(site, f"{AT}/check", BAD, '"><img src=x>.jsonl'))
    assert "things are wrong" in text or "thing is wrong" in text
    part = send(site, f"{AT}/check", BAD, **{"X-Part": "1"})
    assert "<html" not in shown(part)
    assert count(site) == 0


def test_at_the_limit_a_file_can_still_be_checked(site: Site) -> None:
    site.world.phase.max_submissions = 1
    site.session.commit()
    send(site, f"{AT}/submit")
    page = shown(site.get("/competitions/pairs"))
    assert f'action="{AT}/check"' in page
    assert "This file is valid" in shown(send(site, f"{AT}/check"))
    assert "data-send>" not in page
    assert "Limit reached" in shown(send(site, f"{AT}/submit"), 429)


@pytest.mark.parametrize("door", ["submit", "check"])
def test_a_script_gets_the_refusal_alone(site: Site, door: str) -> None:
    answer = send(site, f"{AT}/{door}", b"\x00\x01", "x.zip", **{"X-Part": "1"})
    assert "<html" not in shown(answer, 415 if door == "submit" else 200)
    site.client.cookies.clear()
    assert site.client.post(f"{AT}/{door}").status_code == 401


def test_a_script_is_told_where_to_go(site: Site) -> None:
    answer = send(site, f"{AT}/submit", **{"X-Part": "1"})
    assert (answer.status_code, answer.headers["location"][:17]) == (201, "/submissions/sub_")
