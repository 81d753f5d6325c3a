"""The mail of an evaluation is written in the transaction that ends it: once, to its owner, of no preview."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app.competitions.models import Participation
from app.leaderboards import service as boards
from app.messages import service
from app.messages.models import DEFAULTS, Mail
from app.settings import settings
from app.submissions import evaluation as machine
from app.submissions import organizing, rescoring
from app.submissions.errors import ScoringFailed
from app.submissions.models import Evaluation
from tests.messages.server import mail_on
from tests.submissions.test_rescoring import begin, judge, placed


@pytest.fixture(autouse=True)
def mail(monkeypatch):
    mail_on(monkeypatch)


@pytest.fixture
def evaluation(session, world) -> Evaluation:
    """A queued one of somebody who wants every mail."""
    who = world.entrant()
    service.choose(session, who.account_id, dict.fromkeys(DEFAULTS, True))
    return world.submit(who).evaluation


def mails(session) -> list[Mail]:
    session.expire_all()
    return list(session.scalars(select(Mail)))


def scored(session, evaluation) -> bool:
    attempt = machine.claim(session, evaluation.id, "score")
    return machine.finish(session, evaluation.id, "score", attempt, "scored", final=0.81234, report={"hidden": "words"})


def test_the_score_comes_with_its_own_number_and_nothing_else(session, evaluation):
    attempt = machine.claim(session, evaluation.id, "validate")
    machine.finish(session, evaluation.id, "validate", attempt, "ready")
    assert mails(session) == []
    assert scored(session, evaluation)
    assert not machine.finish(session, evaluation.id, "score", attempt, "scored", final=0.9)
    (one,) = mails(session)
    ref = evaluation.submission.ref
    assert one.account_id == evaluation.submission.participation.account_id
    assert (one.kind, one.subject) == ("scored", f"Scored 0.8123: {ref} (Pairs)")
    assert f"https://palmares.example.org/submissions/{ref}" in one.text
    assert "hidden" not in one.text


def test_an_invalid_file_counts_its_findings_and_quotes_none(session, evaluation):
    attempt = machine.claim(session, evaluation.id, "validate")
    found = {"findings": [{"message": "hidden words"}], "findings_total": 1}
    machine.finish(session, evaluation.id, "validate", attempt, "invalid", **found)
    (one,) = mails(session)
    assert (one.kind, "1 finding," in one.text, "hidden" in one.text) == ("invalid", True, False)


def test_our_failure_is_told_once_after_the_last_try(session, evaluation):
    for round_ in range(1, settings().attempts + 1):
        attempt = machine.claim(session, evaluation.id, "validate")
        machine.release(session, evaluation.id, "validate", attempt, ScoringFailed("x"))
        assert len(mails(session)) == (round_ == settings().attempts)
    assert mails(session)[0].kind == "failed"


def test_what_the_sweeper_fails_is_told(session, evaluation):
    past = func.clock_timestamp() - timedelta(seconds=1)
    late = update(Evaluation).values(state="validating", tries=settings().attempts, lease_until=past)
    session.execute(late.where(Evaluation.id == evaluation.id))
    machine.sweep(session)
    machine.sweep(session)
    assert [one.kind for one in mails(session)] == ["failed"]


def test_robots_are_not_flooded_by_default(session, world):
    evaluation = world.submit(world.entrant()).evaluation
    session.execute(update(Evaluation).where(Evaluation.id == evaluation.id).values(state="ready"))
    scored(session, evaluation)
    assert mails(session) == []


def test_neither_a_cancellation_nor_a_rescoring_is_mailed(session, world, evaluation):
    other = world.submit(world.entrant()).evaluation
    machine.cancel(session, other.id)
    rescore = rescoring.start(session, world.organizer, "pairs", "main")
    session.execute(
        update(Evaluation).where(Evaluation.id == evaluation.id).values(state="ready", version=2, rescore_id=rescore.id)
    )
    scored(session, evaluation)
    assert mails(session) == []


def test_a_further_try_of_a_failed_one_is_told(session, world, evaluation):
    fault = {"state": "failed", "problem": {"code": "x"}, "finished_at": func.clock_timestamp()}
    session.execute(update(Evaluation).where(Evaluation.id == evaluation.id).values(**fault))
    session.expire_all()
    _, again = organizing.retry(session, world.organizer, evaluation.submission.ref)
    session.execute(update(Evaluation).where(Evaluation.id == again).values(state="ready"))
    scored(session, session.get(Evaluation, again))
    assert [one.kind for one in mails(session)] == ["scored"]


def test_a_rolled_back_end_leaves_no_mail(session, evaluation):
    session.execute(update(Evaluation).where(Evaluation.id == evaluation.id).values(state="ready"))
    inner = session.begin_nested()
    scored(session, evaluation)
    inner.rollback()
    assert mails(session) == []


@pytest.mark.parametrize(("board", "subject"), [({}, "Scored 0.5000: "), ({"ladder": True}, "Scored: ")])
def test_of_hidden_items_a_mail_tells_nothing(session, world, evaluation, board, subject):
    world.phase.split, world.phase.board = {"items": ["p_000"], "seed": 0}, board
    session.flush()
    attempt = machine.claim(session, evaluation.id, "validate")
    machine.finish(session, evaluation.id, "validate", attempt, "ready")
    attempt = machine.claim(session, evaluation.id, "score")
    shown = {"final": {"value": 0.5}}
    machine.finish(session, evaluation.id, "score", attempt, "scored", final=0.81234, report={}, public_report=shown)
    (one,) = mails(session)
    assert one.subject.startswith(subject)
    assert "0.81" not in one.subject + one.text


def test_a_re_scoring_tells_each_person_once_what_changed(session, world):
    ada, ben, eve, banned = (world.entrant() for _ in range(4))
    sent = [placed(session, world, who, 0.5) for who in (ada, ada, ben, eve, banned)]
    session.execute(update(Participation).values(status="banned").where(Participation.account_id == banned.account_id))
    service.choose(session, eve.account_id, {"rescored": False})
    rescore = begin(session, world, "a slip")
    judge(session, rescore, dict(zip([one.id for one in sent], (0.6, 0.5, 0.50001, 0.9, 0.9), strict=True)))
    assert mails(session) == []
    rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    (one,) = mails(session)
    assert (one.account_id, one.kind, one.subject) == (ada.account_id, "rescored", "Judged anew: Main (Pairs)")
    assert f"{sent[0].ref}: 0.5000 -> 0.6000" in one.text
    assert "The organizers' reason: a slip" in one.text
    assert sent[1].ref not in one.text


@pytest.mark.parametrize(("ladder", "told"), [(False, []), (True, ["ladder"])])
def test_of_hidden_items_a_re_scoring_does_not_even_tell_that_they_changed(session, world, ladder, told):
    world.phase.split, world.phase.board = {"items": ["p_000"], "seed": 0}, {"ladder": True} if ladder else {}
    session.flush()
    sent = placed(session, world, world.entrant(), 0.5)
    rescore = begin(session, world)
    judge(session, rescore, {sent.id: 0.9})
    rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    found = mails(session)
    assert len(found) == len(told)
    assert not [one for one in found if "0.9" in one.text or sent.ref not in one.text]
