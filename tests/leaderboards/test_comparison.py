"""Who may compare what, how much of it is told, and every refusal by its code."""

import pytest

from app.competitions.models import Phase, Truth
from app.db import now
from app.scoring.plan import Plan
from tests.leaderboards.test_ranking import score

API = "/api/v1/submissions/{}/comparison"


@pytest.fixture
def ask(client, world):
    def call(who, ref, other):
        return client.get(API.format(ref), params={"with": other}, headers=world.token(who))

    return call


def test_an_owner_compares_two_of_his_own(session, world, ask):
    who = world.entrant()
    a, b = score(session, world, who, 90), score(session, world, who, 70)
    found = ask(who, a.ref, b.ref).json()
    assert (found["version"], found["a"], found["b"], found["phase"]) == (1, a.ref, b.ref, "main")
    assert found["separable"] is True
    assert found["scores"]["final"]["difference"] == pytest.approx(0.2)
    assert found["choice"] == {"only_a_right": 20, "only_b_right": 0}
    assert found["items"] == {"won": 20, "lost": 0, "tied": 80}
    assert "item_ids" not in found


def test_items_are_named_where_the_phase_shows_them_and_to_organizers(session, world, ask):
    who = world.entrant()
    a, b = score(session, world, who, 90), score(session, world, who, 89)
    ids = {"won": ["p_089"], "lost": []}
    assert ask(world.organizer, a.ref, b.ref).json()["item_ids"] == ids
    world.phase.show_items = True
    session.commit()
    assert ask(who, a.ref, b.ref).json()["item_ids"] == ids


def test_of_somebody_elses_counting_entry_only_means_and_tests(session, world, ask):
    world.phase.show_items = True
    who, rival = world.entrant(), world.entrant()
    mine, best, older = (
        score(session, world, who, 60),
        score(session, world, rival, 90),
        score(session, world, rival, 50),
    )
    found = ask(who, mine.ref, best.ref).json()
    assert not {"items", "item_ids", "choice"} & found.keys()
    assert found["scores"]["final"]["difference"] == pytest.approx(-0.3)
    assert found["categories"]["person"]["n_items"] == 100
    for ref, other in ((mine.ref, older.ref), (best.ref, mine.ref), (mine.ref, "sub_none")):
        answer = ask(who, ref, other)
        assert (answer.status_code, answer.json()["code"]) == (404, "submission_not_found")


def test_refusals_have_their_codes(session, world, ask, client):
    who = world.entrant()
    a = score(session, world, who, 60)
    assert ask(who, a.ref, a.ref).json()["code"] == "same_submission"
    waiting = world.submit(who)
    session.commit()
    answer = ask(who, a.ref, waiting.ref)
    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "not_scored", "queued")
    replanned = score(session, world, who, 61, plan={**world.phase.plan, "gate": False})
    assert ask(who, a.ref, replanned.ref).json()["code"] == "different_scoring"
    old = Truth(phase_id=world.phase.id, number=9, sha256="0" * 64, item_ids=[], created_by=world.organizer.account_id)
    session.add(old)
    session.flush()
    judged = score(session, world, who, 62, truth_id=old.id)
    assert ask(who, a.ref, judged.ref).json()["code"] == "different_scoring"
    assert client.get(API.format(a.ref), params={"with": "x"}).json()["code"] == "not_signed_in"


def test_different_phases_are_not_compared(session, world, ask):
    who = world.entrant()
    a = score(session, world, who, 60)
    elsewhere = Phase(
        competition_id=world.competition.id, slug="other", name="Other", index=1, starts_at=now(session),
        plan=Plan().model_dump(mode="json"),
    )  # fmt: skip
    session.add(elsewhere)
    session.flush()
    from app import storage
    from app.competitions.service import add_truth
    from app.submissions import service

    add_truth(session, elsewhere, "1" * 64, ["p_000"], world.organizer.account_id)
    session.commit()
    session.expire_all()
    received = service.Received(storage.put(b"{}"), 2, "a.jsonl")
    b = service.submit(session, who, "pairs", "other", received, "", None)[0]
    session.commit()
    answer = ask(who, a.ref, b.ref)
    assert (answer.status_code, answer.json()["code"]) == (409, "different_phases")
