"""People over HTTP: lists, decisions, and a row in the audit log for every organizer's act."""

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import func, select

from app.accounts import guards
from app.announcements.models import Announcement
from app.audit import AuditEvent
from app.competitions import people
from app.competitions.models import Phase, Team
from app.db import now
from app.main import create_app
from app.submissions import rescoring
from app.submissions.models import Mark
from app.webhooks.models import Delivery, Webhook

API = "/api/v1"
HERE = f"{API}/competitions/pairs"
BOARD = "leaderboard.changed"
NEWS = {"title": "News", "body": "There are news."}
TRUTH = '{"id": "p_000", "answer": "A", "explanation": "hidden words"}\n'
# Every door that changes something with the scope `organize`, and a request that does; {ada}: a participant, {co}: a
# co-organizer. Bundles are not here: what they change is recorded where they are applied.
ACTS = {
    ("PATCH", "/competitions/{slug}/participants/{username}"): ("participants/ada", {"json": {"status": "banned"}}),
    ("PUT", "/competitions/{slug}/organizers/{username}"): ("organizers/ada", {}),
    ("DELETE", "/competitions/{slug}/organizers/{username}"): ("organizers/co", {}),
    ("POST", "/competitions/{slug}/organizers/{username}/transfer"): ("organizers/co/transfer", {}),
    ("PUT", "/competitions/{slug}/phases/{phase}/truth"): ("phases/final/truth", {"content": TRUTH}),
    ("PATCH", "/competitions/{slug}"): ("", {"json": {"title": "Other"}}),
    ("DELETE", "/competitions/{slug}"): ("", {}),
    ("POST", "/competitions/{slug}/restore"): ("restore", {}),
    ("PATCH", "/competitions/{slug}/phases/{phase}"): ("phases/main", {"json": {"name": "Other"}}),
    ("POST", "/competitions/{slug}/phases/{phase}/carry"): ("phases/final/carry", {}),
    ("DELETE", "/competitions/{slug}/teams/{ref}"): ("teams/team_1", {}),
    ("DELETE", "/competitions/{slug}/teams/{ref}/members/{username}"): ("teams/team_1/members/ben", {}),
    ("POST", "/competitions/{slug}/announcements"): ("announcements", {"json": NEWS}),
    ("PATCH", "/competitions/{slug}/announcements/{ref}"): ("announcements/ann_1", {"json": NEWS}),
    ("DELETE", "/competitions/{slug}/announcements/{ref}"): ("announcements/ann_1", {}),
    ("POST", "/competitions/{slug}/phases/{phase}/rescores"): ("phases/main/rescores", {"json": {}}),
    ("POST", "/rescores/{ref}/apply"): ("/rescores/{rescore}/apply", {}),
    ("POST", "/rescores/{ref}/cancel"): ("/rescores/{rescore}/cancel", {}),
    ("POST", "/competitions/{slug}/webhooks"): ("webhooks", {"json": {"url": "https://a.org/b", "events": [BOARD]}}),
    ("PATCH", "/competitions/{slug}/webhooks/{ref}"): ("webhooks/whk_1", {"json": {"active": False}}),
    ("DELETE", "/competitions/{slug}/webhooks/{ref}"): ("webhooks/whk_1", {}),
    ("POST", "/competitions/{slug}/webhooks/{ref}/rotate"): ("webhooks/whk_1/rotate", {}),
    ("POST", "/competitions/{slug}/webhooks/{ref}/test"): ("webhooks/whk_1/test", {}),
    ("POST", "/competitions/{slug}/webhooks/{ref}/deliveries/{message}/resend"): (
        "webhooks/whk_1/deliveries/msg_1/resend",
        {},
    ),
    ("POST", "/submissions/{ref}/disqualify"): ("/submissions/{one}/disqualify", {"json": {"reason": "Copied."}}),
    ("POST", "/submissions/{ref}/retry"): ("/submissions/{lost}/retry", {}),
    ("POST", "/submissions/{ref}/reinstate"): ("/submissions/{two}/reinstate", {}),
}
BUNDLES = {("POST", "/competitions")}


def doors(scope_guard) -> set[tuple[str, str]]:
    """Method and path of every API route that depends on a guard."""
    found = set()
    for route in routes_of(create_app()):
        if route.include_in_schema and uses(route.dependant, scope_guard):
            found |= {(method, route.path.removeprefix(API)) for method in route.methods}
    return found


def routes_of(holder):
    for route in holder.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_of(route.original_router)


def uses(dependant, call) -> bool:
    return dependant.call is call or any(uses(inner, call) for inner in dependant.dependencies)


@pytest.fixture
def crowd(world, session):
    """ada sent two, one is disqualified; co co-organizes; cy leads a team with ben; a next phase; an announcement."""
    ada, co = world.person("ada"), world.person("co")
    people.join(session, ada, "pairs", accept_terms=True)
    people.add_organizer(session, world.organizer, "pairs", "co")
    pair = [people.join(session, world.person(name), "pairs", accept_terms=True) for name in ("cy", "ben")]
    here = world.competition.id
    session.add(Team(ref="team_1", competition_id=here, name="T", lead_id=pair[0].id, members=pair))
    final = Phase(
        competition_id=here, slug="final", name="Final", index=1, starts_at=now(session), plan=world.phase.plan
    )
    final.truth_id, final.carry_from_id = world.phase.truth_id, world.phase.id
    session.add_all([final, Announcement(ref="ann_1", competition_id=here, author_id=ada.account_id, **NEWS)])
    one, two, lost = (world.submit(ada, key=key) for key in ("1", "2", "3"))
    lost.evaluation.state, lost.evaluation.finished_at, lost.evaluation.problem = "failed", now(session), {"code": "x"}
    session.add(Mark(submission_id=two.id, disqualified_at=now(session), reason="Copied."))
    owner = world.organizer.account_id
    hook = Webhook(
        ref="whk_1", account_id=owner, competition_id=here, url="https://a.org/", events=[], secret="whsec_a"
    )
    session.add(hook)
    session.flush()
    session.add(Delivery(ref="msg_1", webhook_ref="whk_1", event="webhook.ping", body="{}"))
    session.flush()
    session.expire(world.competition)
    rescore = rescoring.start(session, world.organizer, "pairs", "final")
    session.commit()
    session.expire_all()
    return {"ada": ada, "co": co, "one": one.ref, "two": two.ref, "lost": lost.ref, "rescore": rescore.ref}


def count(session) -> int:
    return session.scalar(select(func.count()).select_from(AuditEvent))


def test_the_table_of_acts_is_whole():
    guard = guards.Organizer.__metadata__[0].dependency
    changing = {door for door in doors(guard) if door[0] not in ("GET", "HEAD")}
    assert changing == set(ACTS) | BUNDLES


@pytest.mark.parametrize("door", ACTS, ids=" ".join)
def test_each_act_of_an_organizer_leaves_a_row_and_strangers_are_refused(client, world, session, crowd, door):
    path, body = ACTS[door]
    path = path.format(**crowd)
    path = API + path if path.startswith("/") else f"{HERE}/{path}".rstrip("/")
    theirs, owner = world.token(world.person()), world.token(world.organizer) | {"If-Match": "*"}
    if path.endswith("/restore"):
        world.competition.deleted_at = now(session)
        session.commit()
    before = count(session)
    refused = client.request(door[0], path, headers=theirs | {"If-Match": "*"}, **body)
    # What was deleted, and what others sent, is not there for strangers.
    hidden = path.endswith("/restore") or "/submissions/" in path or "/rescores/" in path
    assert (refused.status_code, count(session)) == (404 if hidden else 403, before)
    answer = client.request(door[0], path, headers=owner, **body)
    assert answer.is_success, answer.text
    rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(count(session) - before)).all()
    assert [(row.actor, row.competition, row.request_id) for row in rows] == [
        ("organizer", "pairs", answer.headers["x-request-id"])
    ]
    assert "hidden words" not in str((rows[0].before, rows[0].after))


def test_join_needs_the_terms_and_an_organizer_decides(client, world, session):
    world.competition.registration_auto_approve = False
    who = world.person()
    mine, theirs = world.token(who), world.token(world.organizer)
    assert client.post(f"{HERE}/join", json={}, headers=mine).json()["code"] == "terms_not_accepted"
    assert client.post(f"{HERE}/join", json={"accept_terms": True}, headers=mine).json()["status"] == "pending"
    assert client.get(f"{HERE}/participants", headers=mine).json()["code"] == "not_allowed"
    listed = client.get(f"{HERE}/participants", headers=theirs).json()
    assert [row["username"] for row in listed["items"]] == [who.username]
    given = {"status": "denied", "reason": "Full."}
    assert client.patch(f"{HERE}/participants/{who.username}", json=given, headers=theirs).json()["status"] == "denied"
    assert client.post(f"{HERE}/join", json={"accept_terms": True}, headers=mine).json()["reason"] == "Full."
    told = client.get(f"{API}/me", headers=mine).json()["participations"]
    assert [(row["competition"], row["status"], row["reason"]) for row in told] == [("pairs", "denied", "Full.")]


def test_lists_filter_search_and_page(client, world):
    names = [world.entrant().username for _ in range(3)]
    owner = world.token(world.organizer)
    client.patch(f"{HERE}/participants/{names[1]}", json={"status": "banned", "reason": "=1+1"}, headers=owner)

    def listed(**query: str):
        return client.get(f"{HERE}/participants", params=query, headers=owner).json()

    assert [row["username"] for row in listed(status="banned")["items"]] == [names[1]]
    assert [row["username"] for row in listed(search=names[2])["items"]] == [names[2]]
    assert listed(search="%")["items"] == []
    first = listed(limit="2")
    rest = listed(limit="2", cursor=first["next_cursor"])
    assert [row["username"] for page in (first, rest) for row in page["items"]] == names
    assert listed(cursor="nonsense")["code"] == "payload_invalid"
    assert ",'=1+1," in client.get(f"{HERE}/participants.csv", headers=owner).text


def test_a_mark_a_ban_and_its_end_make_the_boards_anew(client, world, session):
    who, owner = world.entrant(), world.token(world.organizer)
    rebuilt: list[int] = []
    client.app.state.rebuild = lambda _, phase_id: rebuilt.append(phase_id)
    for given in ({"baseline": True}, {"status": "banned"}, {"status": "approved"}):
        client.patch(f"{HERE}/participants/{who.username}", json=given, headers=owner)
    assert rebuilt == [world.phase.id] * 3


def test_a_co_organizer_without_the_role_acts_but_makes_no_competition(client, world, crowd):
    co = world.token(crowd["co"])
    assert client.patch(f"{HERE}/participants/ada", json={"status": "banned"}, headers=co).status_code == 200
    assert client.put(f"{HERE}/organizers/ada", headers=co).json()["code"] == "not_allowed"
    assert client.post(f"{API}/competitions", content=b"", headers=co).json()["code"] == "not_allowed"
    narrow = world.token(crowd["co"], "read", "submit")
    answer = client.patch(f"{HERE}/participants/ada", json={"status": "approved"}, headers=narrow)
    assert answer.json()["code"] == "scope_missing"
