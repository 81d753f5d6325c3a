"""Pages of one's submissions: what they show, what they keep to themselves, and hostile words in every field."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from app import storage
from app.competitions.models import Phase
from app.db import now
from app.leaderboards.service import place
from app.submissions.models import Evaluation

EVIL = """"><script>alert(1)</script><img src=x onerror=alert(1)>' `x` %s {0} \u202eevil"""
OWN = {"app.js", "favicon.svg", "participant.js", "upload.js", "vendor/tus-4.3.1.min.js"}
FINDING = {"code": "bad_json", "message": EVIL, "file": EVIL, "line": 1, "item_id": EVIL, "fix": EVIL}


class Harmless(HTMLParser):
    """Fails at what a browser would run or fetch."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag != "style"
        if tag in ("script", "img"):
            assert (given["src"] or "").removeprefix("/static/") in OWN
        assert not [name for name in given if name == "style" or name.startswith("on")]


def one(value: float) -> dict[str, Any]:
    return {"value": value, "ci95": [max(0, value - 0.1), min(1, value + 0.1)]}


class Site:
    """A signed-in participant, whose submissions end as a test wants."""

    def __init__(self, client: Any, world: Any) -> None:
        self.client, self.world, self.session = client, world, world.session
        self.who = world.entrant()
        self.headers = world.token(self.who)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, headers=more.pop("headers", self.headers), **more)

    def post(self, path: str, **given: Any) -> Any:
        return self.client.post(path, headers=self.headers, data=given, follow_redirects=False)

    def sent(self, final: float | None = None, who: Any = None, **more: Any) -> str:
        """A submission that is scored, or has ended with `more`."""
        row = self.world.submit(who or self.who, content=f"{final} {more}".encode() * 2)
        found = self.session.get_one(Evaluation, row.evaluation.id)
        moment = now(self.session)
        found.finished_at = moment
        if final is not None:
            items = [
                {"item_id": name, "category": EVIL, "answer_correct": final > 0.3, "explanation": final, "final": final,
                 "claims": {"reference": [{"about": EVIL, "verdict": "missed"}], "own": []}}
                for name in ("p_000", "s_000")
            ]  # fmt: skip
            scores = {"final": one(final), "accuracy": one(final), "explanation": one(final)}
            found.report = {
                **scores, "explanation.claims": one(final), "categories": {EVIL: {"n_items": 2, **scores}},
                "n_items": 2, "n_missing": 1, "signature": EVIL,
            }  # fmt: skip
            found.items_sha256 = storage.put("".join(json.dumps(item) + "\n" for item in items).encode())
            found.final, found.state, found.signature = final, "scored", "palmares:1|same"
        else:
            for name, value in more.items():
                setattr(found, name, value)
        self.session.flush()
        if final is not None:
            place(self.session, found.id)
        self.session.commit()
        self.session.expire_all()
        return row.ref


@pytest.fixture
def site(client: Any, world: Any) -> Site:
    return Site(client, world)


def shown(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.text[:500]
    Harmless().feed(answer.text)
    return answer.text


def test_a_result_tells_scores_categories_parts_and_items_where_the_phase_shows_them(site: Site) -> None:
    ref = site.sent(0.5)
    text = shown(site.get(f"/submissions/{ref}"))
    for part in ("0.5000", "0.4000 – 0.6000", "1 item is missing", "Claims"):
        assert part in text
    assert "Item by item" not in text
    site.world.phase.show_items = True
    site.session.commit()
    text = shown(site.get(f"/submissions/{ref}?find=p_&wrong=yes"))
    assert "No item fits" in text
    assert '<span class="claim missed">' in shown(site.get(f"/submissions/{ref}?find=P_0"))


def test_the_difference_to_the_best_and_to_the_leader_is_told_with_its_doubt(site: Site) -> None:
    rival = site.world.entrant()
    leader, best, mine = site.sent(0.9, rival), site.sent(0.6), site.sent(0.4)
    text = shown(site.get(f"/submissions/{mine}"))
    assert f"/compare?ref={mine}&amp;ref={best}" in text
    assert f"/compare?ref={mine}&amp;ref={leader}" in text
    part = shown(site.get(f"/submissions/{mine}/comparisons"))
    assert "−0.2000" in part
    assert "−0.5000" in part
    assert "Not for sure" in part
    page = shown(site.get(f"/compare?ref={mine}&ref={leader}"))
    assert rival.username not in page
    assert "Item against item" not in page
    assert shown(site.get(f"/compare?ref={mine}"), 422).count("Tick two")


def test_a_hidden_or_frozen_board_stays_so_on_the_result(site: Site) -> None:
    rival = site.world.entrant()
    leader, mine = site.sent(0.9, rival), site.sent(0.4)
    site.world.phase.frozen_at = site.world.phase.starts_at
    site.session.commit()
    text = shown(site.get(f"/submissions/{mine}"))
    assert leader not in text
    assert "Rank" not in text
    phase = site.session.get_one(Phase, site.world.phase.id)
    phase.frozen_at, phase.board = None, {"hidden": ["accuracy"]}
    site.session.commit()
    assert "does not tell it" in shown(site.get(f"/submissions/{mine}/comparisons"))


def test_findings_stand_beside_file_and_line_with_the_line_itself(site: Site) -> None:
    ref = site.sent(state="invalid", findings=[FINDING], findings_total=101)
    text = shown(site.get(f"/submissions/{ref}"))
    assert "the first 1 of 101" in text
    assert 'class="quoted"' in text
    assert "/withdraw" not in text


def test_others_see_nothing(site: Site) -> None:
    ref = site.sent(0.5)
    stranger = site.world.token(site.world.entrant())
    for path in (f"/submissions/{ref}", f"/submissions/{ref}/comparisons"):
        assert site.get(path, headers=stranger).status_code == 404
    assert ref not in shown(site.get("/submissions", headers=stranger))
    site.client.cookies.clear()
    answer = site.client.get(f"/submissions/{ref}", follow_redirects=False)
    assert answer.headers["location"].startswith("/login?next=")


def test_the_history_has_a_chart_its_numbers_a_filter_and_choices(site: Site) -> None:
    site.world.phase.board = {"counting": "choice"}
    first, second = site.sent(0.4), site.sent(0.6)
    third = site.sent(state="failed", problem={"code": "x", "title": EVIL, "detail": EVIL, "fix": EVIL})
    mine = "/competitions/pairs/phases/main/mine"
    text = shown(site.get(mine))
    assert text.count("<circle") == 2
    assert third in text
    assert third not in shown(site.get(mine + "?state=scored"))
    done = site.post(f"/submissions/{first}/choose", next=mine)
    assert (done.status_code, done.headers["location"]) == (303, mine)
    assert "Chosen now: 1" in shown(site.get(mine))
    refused = site.post(f"/submissions/{second}/choose")
    assert "Too many submissions are chosen" in shown(refused, 409)
    assert site.post(f"/submissions/{second}/withdraw").status_code == 303
    assert "withdrawn" in shown(site.get(mine))
    assert site.post(f"/submissions/{second}/explode").status_code == 404
    assert site.post(f"/submissions/{first}/unchoose", next="//evil.example").headers["location"] == "/"


def test_the_list_goes_on_by_its_cursor(site: Site, monkeypatch: Any) -> None:
    monkeypatch.setattr("app.web.me.submissions.SHOWN", 1)
    first, second = site.sent(0.4), site.sent(0.6)
    page = shown(site.get("/submissions"))
    assert second in page
    assert first not in page
    link = page.partition('<a href="/submissions?cursor=')[2].partition('"')[0]
    assert first in shown(site.get(f"/submissions?cursor={link}"))
    assert site.get("/submissions?cursor=nonsense").status_code == 422
