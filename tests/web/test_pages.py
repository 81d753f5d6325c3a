"""The web room's pure parts: hostile Markdown and values come out harmless, every template renders, redirects stay."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace as Shape
from typing import Any

import pytest
from fastapi import Request

from app.accounts.schemas import SignUp
from app.announcements.schemas import AnnouncementOut
from app.competitions.errors import CompetitionNotFound, PhaseNotFound
from app.competitions.schemas import CompetitionDetail, PhaseOut
from app.errors import Refused, TooMany
from app.leaderboards.schemas import BoardOut, OverallOut
from app.leaderboards.tops import TopOut, TopsOut
from app.submissions.record_routes import RecordOut
from app.submissions.schemas import LimitsOut, SubmissionList, SubmissionOut, UseOut, WindowUseOut
from app.web import catalogue
from app.web.addresses import local
from app.web.board import Wanted, lead_of
from app.web.board import shown as part_of
from app.web.forms import checked
from app.web.markdown import to_html
from app.web.rendering import commands, environment, fault_page, moment, render, size, span, steps
from app.web.views import chosen_phase

EVIL = """"><script>alert(1)</script><img src=x onerror=alert(1)>' `x`"""
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCORE = {"value": 0.5, "ci95": [0.25, 0.75]}


OWN = {"/static/app.js", "/static/favicon.svg", "/static/upload.js", "/static/vendor/tus-4.3.1.min.js"}


class Elements(HTMLParser):
    """The start tags of a page with their attributes, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def request(path: str = "/", method: str = "GET", who: Any = None) -> Request:
    made = Request({"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "state": {}})
    made.state.who = who
    return made


def phase(slug: str = "one", status: str = "open", **given: Any) -> PhaseOut:
    values: dict[str, Any] = {
        "slug": slug, "name": EVIL, "index": 0, "description": EVIL, "status": status, "starts_at": NOW,
        "ends_at": NOW + timedelta(days=9), "max_submissions_per_day": 5, "max_submissions": None, "n_items": 3,
        "truth_version": 1, "scoring": {"name": EVIL, "weights": {"accuracy": 0.5, "explanation": 0.5}},
        "starting_kit": "/kit", "public_data": None,
    }  # fmt: skip
    return PhaseOut(**{**values, **given})


def competition(**given: Any) -> CompetitionDetail:
    values: dict[str, Any] = {
        "slug": "c", "title": EVIL, "description": EVIL, "status": "open", "organizer": "org", "participants": 2,
        "joined": "approved", "phases": [phase()], "registration_auto_approve": False, "terms": EVIL,
        "terms_version": 1, "terms_accepted": True,
        "pages": [{"title": EVIL, "content": EVIL}],
    }  # fmt: skip
    return CompetitionDetail(**{**values, **given})


def submission(state: str = "scored", **given: Any) -> SubmissionOut:
    finding = {"code": "bad_json", "message": EVIL, "file": EVIL, "line": 2, "item_id": EVIL, "fix": EVIL}
    final = state in ("scored", "invalid", "failed", "cancelled")
    values: dict[str, Any] = {
        "ref": "sub_1", "competition": "c", "phase": "one", "participant": "ada", "message": EVIL, "state": state,
        "created_at": NOW, "file": {"name": EVIL, "size": 2048, "sha256": "0" * 64},
        "stamps": {"queued_at": NOW, "validating_at": NOW, "ready_at": None, "scoring_at": None,
                   "finished_at": NOW if final else None},
        "attempt": 1, "queue": {"position": 1, "of": 2}, "findings": [finding], "findings_total": 101,
        "warnings": [finding], "problem": {"code": "x", "title": EVIL, "detail": EVIL, "fix": EVIL},
        "scores": {"final": SCORE, "accuracy": SCORE, "explanation": SCORE} if state == "scored" else None,
        "rank": {"rank": 1, "of": 2, "counts": False}, "signature": EVIL,
        "links": {"self": "/s", "events": "/e", "report": "/r", "page": "/submissions/sub_1"},
    }  # fmt: skip
    return SubmissionOut(**{**values, **given})


def limits(can: bool) -> LimitsOut:
    reason = None if can else {"code": "limit_reached", "detail": EVIL}
    return LimitsOut(
        per_day=WindowUseOut(limit=5, used=1, left=4, window="day", resets_at=NOW),
        total=UseOut(limit=None, used=1, left=None),
        concurrent=UseOut(limit=2, used=1, left=1),
        invalid=WindowUseOut(limit=20, used=0, left=20, window="day", resets_at=NOW),
        team=EVIL,
        can_submit=can,
        reason=reason,
        next_possible_at=NOW,
    )


def board() -> BoardOut:
    columns = [{"key": "final", "title": EVIL, "precision": 4, "primary": True}]
    row: dict[str, Any] = {
        "rank": 1,
        "shown_rank": "1-3",
        "rank_ci95": [1, 4],
        "participant": "ada",
        "mine": True,
        "ref": "sub_1",
        "submitted_at": NOW,
        "entries": 2,
        "scores": {"final": SCORE},
    }
    return BoardOut.model_validate(
        {"competition": "c", "phase": "one", "board_version": 1, "columns": columns, "rows": [row]}
    )


def overall() -> OverallOut:
    phases = [{"slug": "one", "name": EVIL, "weight": 1, "board": "main", "as_of": None, "published": False}]
    row = {"rank": 1, "participant": EVIL, "mine": True, "baseline": True, "value": 0.5, "missing": ["one"]}
    rows = [row | {"phases": {"one": None}}]
    warnings = [{"code": "openly_queried", "phase": "one", "message": EVIL}]
    return OverallOut.model_validate(
        {"competition": "c", "key": "final", "phases": phases, "warnings": warnings, "rows": rows}
    )


def led(*items: TopOut) -> dict[str, Any]:
    tops = TopsOut(key="final", direction="desc", as_of=NOW, items=list(items))
    shape = {"width": 9, "height": 9, "left": 1, "right": 1, "until": NOW, "phase": "one", "called": EVIL}
    return shape | {"competition": competition(), "tops": tops, "chart": lead_of(tops, NOW)}


def service_record(count: int = 3) -> RecordOut:
    spread = {"count": count, "p50": 1.5 if count else None, "p95": 3.0 if count else None, "max": None}
    stage = {"waiting": count, "running": 0, "oldest_seconds": 2, "wait": spread, "work": spread}
    failures = {EVIL: 1} if count else {}
    return RecordOut(
        at=NOW,
        hours=24,
        stages=[stage | {"stage": name} for name in ("validate", "score")],
        to_score=spread,
        ended={"scored": count} if count else {},
        failures=failures,
        workers={"validate": 1, "score": 0, "drained": 0},
    )


def announcement() -> AnnouncementOut:
    return AnnouncementOut(ref="ann_1", title=EVIL, body=EVIL, author="org", created_at=NOW, edited_at=NOW)


def shown(name: str, who: Any = None, **values: Any) -> str:
    return bytes(render(request("/competitions/c", who=who), name, **values).body).decode()


def of_competition(**given: Any) -> dict[str, Any]:
    wanted = given.pop("wanted", Wanted())
    values: dict[str, Any] = {
        "competition": competition(), "phase": phase(), "board": board(), "mine": None, "limits": limits(True),
        "fault": None, "upload_bytes": 2**26, "announcements": [announcement()], "wanted": wanted,
        "line": None,
    }  # fmt: skip
    values |= given
    return values | {"shown": part_of(values["board"], wanted) if values["board"] else None}


def asked(found: list[CompetitionDetail], total: int = 2) -> dict[str, Any]:
    return {"competitions": found, "total": total, "search": EVIL, "state": "open"}


ADA = Shape(username="ada")
MINE = SubmissionList(items=[submission(), submission("queued")], next_cursor="more")
FAULT = Refused(EVIL, findings=[{"code": EVIL, "message": EVIL, "line": None, "item_id": None, "fix": EVIL}])
PAGES = {
    "home": ("home.html", None, asked([competition(), competition(joined=None, phases=[])])),
    "home, empty": ("home.html", None, asked([], total=0)),
    "home, nothing fits": ("home.html", ADA, asked([])),
    "failure": ("failure.html", None, {"entry": catalogue.Entry(EVIL, EVIL, EVIL, EVIL, 500), "request_id": EVIL}),
    "stranger": ("competition.html", None, of_competition(competition=competition(joined=None))),
    "to join": (
        "competition.html",
        ADA,
        of_competition(competition=competition(joined=None), fault=FAULT),
    ),
    "pending": ("competition.html", ADA, of_competition(competition=competition(joined="pending"))),
    "denied": ("competition.html", ADA, of_competition(competition=competition(joined="denied"))),
    "to submit": ("competition.html", ADA, of_competition(mine=MINE, fault=FAULT)),
    "limit": ("competition.html", ADA, of_competition(limits=limits(False))),
    "upcoming": ("competition.html", ADA, of_competition(phase=phase(status="upcoming"))),
    "closed": ("competition.html", ADA, of_competition(phase=phase(status="closed"))),
    "no truth": ("competition.html", ADA, of_competition(phase=phase(truth_version=None))),
    "no phase": ("competition.html", ADA, of_competition(phase=None, board=None)),
    "searched": ("competition.html", None, of_competition(wanted=Wanted(EVIL, "2026-03-01T12:00", EVIL, EVIL, EVIL))),
    "overall": ("overall.html", None, {"competition": competition(), "overall": overall()}),
    "login": ("login.html", None, {"fault": FAULT, "next": EVIL, "username": EVIL}),
    "signup": ("signup.html", None, {"fault": None, "next": EVIL, "username": EVIL, "email": EVIL}),
    "unsubscribe": ("unsubscribe.html", None, {"username": EVIL, "kind": EVIL, "done": ""}),
    "unsubscribed": ("unsubscribe.html", None, {"username": EVIL, "kind": EVIL, "done": "all"}),
    "fault": ("fault.html", None, {"fault": FAULT}),
    "tops": ("tops.html", None, led(TopOut(at=NOW, value=0.5, participant=EVIL, team=True))),
    "tops, empty": ("tops.html", None, led()),
    "status": ("status.html", None, {"record": service_record()}),
    "status, empty": ("status.html", None, {"record": service_record(0)}),
    "problems": ("problems.html", None, {"entries": catalogue.entries().values(), "findings": [("a", EVIL)]}),
    "api": (
        "api.html",
        None,
        {"rooms": catalogue.operations({"paths": {EVIL: {"get": {"tags": [EVIL], "description": EVIL}}}})},
    ),
    "problem": ("problem.html", None, {"entry": catalogue.Entry(EVIL, EVIL, EVIL, EVIL, 404)}),
}


@pytest.mark.parametrize("name", PAGES)
def test_hostile_values_stay_text_and_nothing_is_inline(name: str) -> None:
    template, who, values = PAGES[name]
    html = shown(template, who, **values)
    seen = Elements(html)
    assert {tag for tag, _ in seen.found if tag in ("script", "style", "img")} == {"script", "img"}
    assert {values["src"] for tag, values in seen.found if tag in ("script", "img")} <= OWN
    # The content security policy would block these without a word.
    assert not [name for _, values in seen.found for name in values if name == "style" or name.startswith("on")]
    assert html.count("<h1") == 1


def test_every_template_was_rendered_above() -> None:
    parts = {"base.html", "parts.html", "board.html", "taking_part.html", "mine.html", "scoring.html"}
    parts |= {"announcements.html", "submission.html"}
    flat = {name for name in environment.list_templates() if "/" not in name}  # folders have tests of their own
    assert {template for template, _, _ in PAGES.values()} == flat - parts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("to submit", 'enctype="multipart/form-data"'),
        ("to submit", '<tr class="own">'),
        ("to submit", 'data-events="/e"'),
        ("to join", 'name="accept_terms"'),
        ("stranger", "/signup?next=/competitions/c%3Fphase%3Done"),
        ("home, empty", "palmares competition apply"),
    ],
)
def test_what_a_page_offers(name: str, text: str) -> None:
    template, who, values = PAGES[name]
    assert text in shown(template, who, **values)


def test_at_the_limit_files_can_only_be_checked() -> None:
    template, who, values = PAGES["limit"]
    html = shown(template, who, **values)
    assert 'action="/competitions/c/phases/one/check"' in html
    assert "/submit" not in html


@pytest.mark.parametrize("name", ["upcoming", "closed", "no truth", "pending", "denied", "stranger"])
def test_no_upload_form_where_nothing_can_be_sent(name: str) -> None:
    template, who, values = PAGES[name]
    assert 'type="file"' not in shown(template, who, **values)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://elsewhere.example/pixel.png)",
        '<a href="x" onclick="alert(1)" style="color:red">x</a>',
        "[x](<java\tscript:alert(1)>)",
    ],
)
def test_markdown_lets_nothing_dangerous_through(text: str) -> None:
    html = to_html(text)
    tags = re.findall(r"<[^>]+>", html)
    assert not [tag for tag in tags if re.match(r"<(script|img|style|iframe)|.*\s(on\w+|style)=", tag)]
    assert not re.search(r'href="(javascript|data):', html)


def test_markdown_keeps_what_it_is_for() -> None:
    html = to_html("# Title\n\n**bold** [a](https://a.example) `c`\n\n| x | y |\n|---|---|\n| 1 | 2 |\n")
    assert "<h3>Title</h3>" in html
    for part in ("<strong>bold</strong>", 'href="https://a.example"', "noopener", "<td>1</td>", "<code>c</code>"):
        assert part in html


@pytest.mark.parametrize(
    ("given", "goal"),
    [
        ("/competitions/a?phase=b", "/competitions/a?phase=b"),
        ("/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("/a\n", "/"),
        ("", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_after_login_only_to_own_pages(given: str, goal: str) -> None:
    assert local(given) == goal


def test_a_refused_form_names_the_field_and_no_value() -> None:
    with pytest.raises(Refused, match=r"^The user name has 3 to 32") as caught:
        checked(SignUp, username="a b", email="a@b.example", password="s3cret-value")
    assert "s3cret-value" not in str(caught.value)


def test_a_fault_is_a_page_with_its_status_and_retry() -> None:
    assert fault_page(request(), CompetitionNotFound()).status_code == 404
    answer = fault_page(request(), TooMany(retry_after=7))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize(
    ("statuses", "slug", "chosen"),
    [
        (["closed", "open", "upcoming"], None, 1),
        (["closed", "upcoming", "upcoming"], None, 1),
        (["closed", "closed"], None, 1),
        (["closed", "open"], "p0", 0),
    ],
)
def test_the_phase_that_is_shown(statuses: list[str], slug: str | None, chosen: int) -> None:
    found = competition(phases=[phase(f"p{place}", status) for place, status in enumerate(statuses)])
    assert chosen_phase(found, slug) == found.phases[chosen]
    with pytest.raises(PhaseNotFound):
        chosen_phase(found, "none")


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("queued", ["current", "todo", "todo", "todo", "todo"]),
        ("scoring", ["done", "done", "done", "current", "todo"]),
        ("scored", ["done", "done", "done", "done", "done"]),
        ("invalid", ["done", "done", "bad"]),
    ],
)
def test_steps(state: str, line: list[str]) -> None:
    assert [step["status"] for step in steps(submission(state))] == line


def test_the_catalogue_knows_codes_of_faults_and_of_http() -> None:
    assert catalogue.entries()["competition_not_found"].status == 404
    assert catalogue.entry_of("method_not_allowed") is not None
    assert catalogue.entry_of("internal") is not None
    assert catalogue.entry_of("no_such_code") is None
    assert all(entry.text and entry.title for entry in catalogue.entries().values())


def test_small_forms() -> None:
    assert moment(NOW) == '<time datetime="2026-11-23T12:00:00Z">2026-11-23 12:00 UTC</time>'
    assert [size(0), size(2048), size(2**26)] == ["0 B", "2.0 KiB", "64.0 MiB"]
    assert commands("`a` <b>") == "<code>a</code> &lt;b&gt;"
    assert span(datetime.now(UTC) + timedelta(days=3, hours=1)) == "3 days"
    assert span(datetime.now(UTC) - timedelta(days=3)) == "less than a minute"


def test_the_board_shows_ties_and_rank_intervals() -> None:
    html = shown("competition.html", **of_competition(competition=competition(joined=None)))
    assert "tied 1-3" in html
    assert "1 – 4" in html


def test_no_word_turns_the_direction_of_what_follows_it() -> None:
    turned = "\u202eadmin\u2066 <b>\u05d0\u200f"
    html = environment.from_string("{{ one }} {{ one|commands }} {{ one|markdown }}").render(one=turned)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", html)
    assert html.startswith("admin &lt;b&gt;\u05d0\u200f"), "right-to-left words and their marks stay"
