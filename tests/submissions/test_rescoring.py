"""Re-scoring: unseen until it is applied, at once for all, and without a trace where it is cancelled."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import db, storage
from app.broker import SCORE
from app.competitions import service as competitions
from app.db import now
from app.leaderboards import service as boards
from app.settings import settings
from app.submissions import evaluation as machine
from app.submissions import rescoring
from app.submissions.errors import (
    RescoreEnded,
    RescoreFailures,
    RescoreNotFound,
    RescoreOpen,
    RescoreUnfinished,
    ScoringFailed,
    TruthNotFound,
)
from app.submissions.models import Evaluation, Rescore, Submission
from tests.conftest import TRUTH, World
from tests.leaderboards.test_service import score, standings

OTHER = TRUTH.replace(b'"A"', b'"B"')


def report(value: float) -> dict:
    return {key: {"value": value, "ci95": [0.0, 1.0]} for key in ("final", "accuracy", "explanation")}


def placed(session, world, who, value: float) -> Submission:
    """A scored submission with its place."""
    evaluation_id = score(session, world, who, value)
    boards.place(session, evaluation_id)
    session.expire_all()
    return session.get_one(Evaluation, evaluation_id).submission


def begin(session, world, reason: str = "p_000 was wrong") -> Rescore:
    """Open a re-scoring by another truth."""
    items = sorted(world.phase.truth.item_ids)
    made = competitions.keep_truth(session, world.phase, storage.put(OTHER), items, world.organizer.account_id)
    return rescoring.start(session, world.organizer, "pairs", "main", truth_version=made.number, reason=reason)


def judge(session, rescore: Rescore, values: dict[int, float], *, place: bool = False) -> None:
    """Judge what waits of the re-scoring, by submission."""
    rows = select(Evaluation.id, Evaluation.submission_id, Evaluation.state).where(
        Evaluation.rescore_id == rescore.id, Evaluation.finished_at.is_(None)
    )
    for evaluation_id, submission_id, state in session.execute(rows).all():
        if state == "queued":
            attempt = machine.claim(session, evaluation_id, "validate")
            assert machine.finish(session, evaluation_id, "validate", attempt, "ready", answers_sha256="0" * 64)
        attempt = machine.claim(session, evaluation_id, "score")
        value = values[submission_id]
        assert machine.finish(session, evaluation_id, "score", attempt, "scored", final=value, report=report(value))
    session.expire_all()


def states(session, phase) -> list[tuple[int, int, str, bool]]:
    rows = select(
        Evaluation.submission_id, Evaluation.version, Evaluation.state, Evaluation.effective_at.is_not(None)
    ).join(Submission)
    return [tuple(row) for row in session.execute(rows.where(Submission.phase_id == phase.id).order_by(Evaluation.id))]


def test_a_preview_is_unseen_and_applying_switches_everything(session, world):
    ada, ben = world.entrant(), world.entrant()
    first, second = placed(session, world, ada, 0.8), placed(session, world, ben, 0.6)
    before = standings(session, world.phase)
    rescore = begin(session, world)
    judge(session, rescore, {first.id: 0.5, second.id: 0.7})
    assert standings(session, world.phase) == before
    assert (first.evaluation.version, first.evaluation.final) == (1, 0.8)
    version = world.competition.version
    rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    session.expire_all()
    assert (first.evaluation.version, first.evaluation.final, second.evaluation.final) == (2, 0.5, 0.7)
    assert (world.phase.truth.number, world.competition.version) == (2, version + 1)
    after = standings(session, world.phase)
    assert {row[2] for row in after} == {first.evaluation.id, second.evaluation.id}
    boards.rebuild(session, world.phase.id)
    assert standings(session, world.phase) == after
    assert [one.final for one in first.evaluations] == [0.8, 0.5], "the old score stays readable"


def test_cancelling_leaves_no_trace_and_fences_the_workers_out(session, world):
    placed(session, world, world.entrant(), 0.8)
    board, rows, truth = standings(session, world.phase), states(session, world.phase), world.phase.truth_id
    rescore = begin(session, world)
    preview = session.scalars(select(Evaluation).where(Evaluation.rescore_id == rescore.id)).one()
    evaluation_id, attempt = preview.id, machine.claim(session, preview.id, "validate")
    rescoring.cancel(session, world.organizer, rescore.ref)
    assert not machine.finish(session, evaluation_id, "validate", attempt, "invalid")
    assert machine.release(session, evaluation_id, "validate", attempt, ScoringFailed()) is None
    assert (standings(session, world.phase), states(session, world.phase)) == (board, rows)
    assert world.phase.truth_id == truth
    for act in (rescoring.cancel, lambda *args: rescoring.apply(*args, boards.rebuild)):
        with pytest.raises(RescoreEnded):
            act(session, world.organizer, rescore.ref)
    assert begin(session, world).state == "open", "another one may begin"


def test_there_is_one_at_a_time_for_organizers_by_a_truth_that_there_is(session, world):
    rescore = begin(session, world)
    with pytest.raises(RescoreOpen) as refused:
        begin(session, world)
    assert refused.value.extra["rescore"] == rescore.ref
    stranger = world.person("other", "organizer")
    with pytest.raises(RescoreNotFound):
        rescoring.apply(session, stranger, rescore.ref, boards.rebuild)
    rescoring.cancel(session, world.organizer, rescore.ref)
    with pytest.raises(TruthNotFound):
        rescoring.start(session, world.organizer, "pairs", "main", truth_version=9)


def test_what_is_sent_and_scored_meanwhile_is_taken_in(session, world):
    first = placed(session, world, world.entrant(), 0.8)
    rescore = begin(session, world)
    judge(session, rescore, {first.id: 0.5})
    late = placed(session, world, world.entrant(), 0.9)
    waiting = world.submit(world.entrant()).evaluation
    attempt = machine.claim(session, waiting.id, "validate")
    with pytest.raises(RescoreUnfinished) as refused, session.begin_nested():
        rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    assert (refused.value.extra["done"], refused.value.extra["total"]) == (1, 2)
    assert rescoring.fill_open(session) == 1
    assert rescoring.fill_open(session) == 0
    assert machine.finish(session, waiting.id, "validate", attempt, "ready", answers_sha256="0" * 64)
    judging = machine.claim(session, waiting.id, "score")
    judge(session, rescore, {late.id: 0.4})
    rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    session.expire_all()
    assert not machine.finish(session, waiting.id, "score", judging, "scored", final=0.1, report=report(0.1))
    assert (waiting.state, waiting.truth.number, waiting.attempt) == ("ready", 2, judging + 1)
    assert {one.evaluation.truth.number for one in (first, late)} == {2}


def test_what_fails_keeps_its_score_only_where_the_organizer_says_so(session, world):
    sent = placed(session, world, world.entrant(), 0.8)
    lost = world.submit(world.entrant())
    machine.claim(session, lost.evaluation.id, "validate")
    session.execute(
        update(Evaluation).where(Evaluation.id == lost.evaluation.id).values(
            state="failed", problem={"code": "x"}, finished_at=func.clock_timestamp()
        )
    )  # fmt: skip
    rescore = begin(session, world)
    for evaluation in session.scalars(select(Evaluation).where(Evaluation.rescore_id == rescore.id)).all():
        for _ in range(settings().attempts):
            attempt = machine.claim(session, evaluation.id, "validate")
            machine.release(session, evaluation.id, "validate", attempt, ScoringFailed("x"))
    session.expire_all()
    so_far = rescoring.progress(session, rescore)
    assert (so_far.total, so_far.done, so_far.failed, so_far.skipped) == (2, 2, 2, [sent.ref])
    with pytest.raises(RescoreFailures) as refused:
        rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    assert refused.value.extra["submissions"] == [sent.ref]
    rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild, skip_failed=True)
    session.expire_all()
    assert (sent.evaluation.version, sent.evaluation.final) == (1, 0.8)
    assert len(standings(session, world.phase)) == 1


def test_it_waits_for_what_participants_send(session, world):
    placed(session, world, world.entrant(), 0.8)
    rescore = begin(session, world)
    preview = session.scalars(select(Evaluation).where(Evaluation.rescore_id == rescore.id)).one()
    live = world.submit(world.entrant()).evaluation
    assert machine.claim(session, preview.id, "validate") is None
    attempt = machine.claim(session, live.id, "validate")
    assert machine.claim(session, preview.id, "validate") is not None
    assert attempt is not None


def test_it_rings_a_few_at_a_time_after_all_others(session, world):
    who = world.entrant()
    for _ in range(machine.RESCORES_RUNG + 3):
        placed(session, world, who, 0.5)
    begin(session, world)
    live = world.submit(who).evaluation
    past = func.clock_timestamp() - timedelta(seconds=1)
    session.execute(update(Evaluation).where(Evaluation.id == live.id).values(announce_at=past))
    rings = machine.sweep(session)
    assert rings[0][1] == live.id
    assert len(rings) == 1 + machine.RESCORES_RUNG


def test_answers_that_were_read_are_not_read_again(session, world):
    sent = world.submit(world.entrant())
    evaluation_id = sent.evaluation.id
    attempt = machine.claim(session, evaluation_id, "validate")
    machine.finish(session, evaluation_id, "validate", attempt, "ready", answers_sha256="a" * 64, warnings=[{"x": 1}])
    attempt = machine.claim(session, evaluation_id, "score")
    machine.finish(session, evaluation_id, "score", attempt, "scored", final=0.5, report=report(0.5))
    rescore = begin(session, world)
    preview = session.scalars(select(Evaluation).where(Evaluation.rescore_id == rescore.id)).one()
    assert (preview.state, preview.answers_sha256, preview.warnings) == ("ready", "a" * 64, [{"x": 1}])
    assert (SCORE, preview.id) in machine.sweep(session)


ACTS = [("apply", "apply"), ("apply", "cancel"), ("apply", "submit"), ("apply", "finish")]


@pytest.mark.parametrize("acts", ACTS, ids=" ".join)
def test_of_acts_at_once_one_wins_and_the_board_is_whole(committed, acts):
    with db.Session.begin() as session:
        World(session)
    for _ in range(6):
        one_round(acts)


def one_round(acts: tuple[str, str]) -> None:
    """Two at once, on a judged re-scoring and a submission that is being scored."""
    with db.Session.begin() as session:
        world = world_again(session)
        who = world.entrant()
        placed(session, world, who, 0.5)
        rescore = begin(session, world)
        judge(session, rescore, dict.fromkeys(session.scalars(select(Submission.id)), 0.6))
        ref, organizer, live = rescore.ref, world.organizer, world.submit(who).evaluation.id
        attempt = machine.claim(session, live, "validate")
        machine.finish(session, live, "validate", attempt, "ready", answers_sha256="0" * 64)
        judging = machine.claim(session, live, "score")

    def do(act: str) -> str:
        try:
            with db.Session.begin() as session:
                if act == "apply":
                    rescoring.apply(session, organizer, ref, boards.rebuild)
                elif act == "cancel":
                    rescoring.cancel(session, organizer, ref)
                elif act == "submit":
                    world_again(session).submit(who)
                elif machine.finish(session, live, "score", judging, "scored", final=0.9, report=report(0.9)):
                    boards.place(session, live)
        except (RescoreEnded, RescoreUnfinished) as refused:
            return refused.code
        return act

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(do, acts))
    with db.Session.begin() as session:
        phase = world_again(session).phase
        found = session.scalars(select(Rescore).where(Rescore.ref == ref)).one()
        if found.state == "applied":
            newest = [one.evaluation for one in session.scalars(select(Submission))]
            assert {one.truth_id for one in newest if one.state != "cancelled"} == {found.truth_id}
            assert phase.truth_id == found.truth_id
        if acts == ("apply", "apply"):
            assert sorted(done) == ["apply", "rescore_ended"]
        before = standings(session, phase)
        boards.rebuild(session, phase.id)
        assert standings(session, phase) == before
        if found.state == "open":  # what was scored meanwhile came first
            rescoring.cancel(session, organizer, ref)
        for waiting in session.scalars(select(Evaluation.id).where(Evaluation.finished_at.is_(None))).all():
            machine.cancel(session, waiting)


def world_again(session) -> World:
    """The world that was committed, in another session."""
    from app.accounts.models import Account
    from app.accounts.service import Principal, scopes_of
    from app.competitions.models import Competition

    found = World.__new__(World)
    found.session, found.number = session, 1000 + session.scalar(select(func.count()).select_from(Account))
    account = session.scalars(select(Account).where(Account.username == "organizer")).one()
    found.organizer = Principal(account.id, account.username, account.role, scopes_of(account.role))
    found.competition = session.scalars(select(Competition)).one()
    found.phase = found.competition.phases[0]
    return found


def test_an_applied_one_tells_since_when(session, world):
    sent = placed(session, world, world.entrant(), 0.8)
    rescore = begin(session, world)
    judge(session, rescore, {sent.id: 0.5})
    moment = now(session)
    assert rescoring.last_applied(session, world.phase) is None
    rescoring.apply(session, world.organizer, rescore.ref, boards.rebuild)
    assert rescoring.last_applied(session, world.phase).ref == rescore.ref
    assert rescoring.last_applied(session, world.phase, moment - timedelta(seconds=1)) is None
