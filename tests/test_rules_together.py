"""Any order of acts keeps the promises: limits hold, each judgement ends once, the board equals its recomputation.

Submitting, judging, failing, cancelling, withdrawing, disqualifying, re-scoring, applying, giving it up, closing and
opening the phase, other rules of the board: drawn by hypothesis, against PostgreSQL, each example in a savepoint.
"""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as some
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from app.accounts.service import Principal
from app.db import now
from app.errors import Fault
from app.leaderboards import marks
from app.leaderboards import service as boards
from app.submissions import evaluation as machine
from app.submissions import rescoring, service
from app.submissions.errors import ScoringFailed
from app.submissions.models import TERMINAL, Evaluation, Rescore, Submission
from tests.conftest import World
from tests.leaderboards.test_service import standings
from tests.submissions.test_rescoring import report

LIMIT = 4
PEOPLE = 3
RULES = [
    {},
    {"counting": "latest"},
    {"counting": "choice", "choices": 2},
    {"counting": "all", "ties": [{"key": "accuracy", "direction": "asc"}]},
]
VALUES = some.integers(0, 4).map(lambda value: value / 4)


class Competition(RuleBasedStateMachine):
    """One phase, three participants, an organizer."""

    world: World
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.session = self.world.session
        self.savepoint = self.session.begin_nested()
        self.people: list[Principal] = [self.world.entrant() for _ in range(PEOPLE)]
        self.phase = self.world.phase
        self.phase.max_submissions = LIMIT
        self.session.flush()
        self.ended: dict[int, str] = {}

    def teardown(self) -> None:
        """Nothing stays for the next example."""
        self.savepoint.rollback()
        self.session.expire_all()

    def do(self, act, *words) -> None:
        """An act, wholly or (where it is refused) not at all."""
        name = act.func.__name__ if isinstance(act, partial) else act.__name__
        try:
            with self.session.begin_nested():
                act(self.session, *words)
            self.seen[name] += 1
        except Fault as refused:
            self.seen[refused.code] += 1
        self.session.expire_all()

    def pick(self, place: int, *which) -> Submission | None:
        """One of the submissions."""
        found = self.session.scalars(select(Submission).order_by(Submission.id)).all()
        return found[place % len(found)] if found else None

    def open_rescore(self) -> Rescore | None:
        """The re-scoring that is open."""
        return self.session.scalar(select(Rescore).where(Rescore.state == "open"))

    @initialize(values=some.lists(VALUES, min_size=3, max_size=3))
    def some_are_scored(self, values: list[float]) -> None:
        for who in range(PEOPLE):
            self.submit(who, 2)
        self.judge_everything(values)

    @rule(who=some.integers(0, PEOPLE - 1), times=some.integers(1, 3))
    def submit(self, who: int, times: int) -> None:
        received = service.Received("0" * 64, 2, "answers.jsonl")
        for _ in range(times):
            self.do(service.submit, self.people[who], "pairs", "main", received, "", None)

    @rule(
        place=some.integers(0, 99), value=VALUES, end=some.sampled_from(["scored"] * 4 + ["invalid", "failed", "lost"])
    )
    def judge(self, place: int, value: float, end: str) -> None:
        """A worker's whole way with something that waits; `lost`: it was cancelled or sent back under its hands."""
        waiting = self.session.scalars(
            select(Evaluation.id).where(Evaluation.state.in_(("queued", "ready"))).order_by(Evaluation.id)
        ).all()
        if waiting:
            self.do(self._work, waiting[place % len(waiting)], value, end)

    def _work(self, session, evaluation_id: int, value: float, end: str) -> None:
        found = session.get_one(Evaluation, evaluation_id)
        if found.state == "queued":
            attempt = machine.claim(session, evaluation_id, "validate")
            if attempt is None:  # something that was sent goes first
                return
            state = "invalid" if end == "invalid" else "ready"
            machine.finish(session, evaluation_id, "validate", attempt, state, answers_sha256="0" * 64)
            return
        attempt = machine.claim(session, evaluation_id, "score")
        if attempt is None:
            return
        if end == "failed":
            for _ in range(9):
                if machine.release(session, evaluation_id, "score", attempt, ScoringFailed("x")) == "failed":
                    return
                attempt = machine.claim(session, evaluation_id, "score")
        fence = attempt - 1 if end == "lost" else attempt
        done = machine.finish(
            session, evaluation_id, "score", fence, "scored", final=value, report=report(value)
        )  # fmt: skip
        assert done == (end != "lost")
        session.expire_all()
        if done and session.get_one(Evaluation, evaluation_id).effective_at is not None:
            boards.place(session, evaluation_id)

    @rule(values=some.lists(VALUES, min_size=3, max_size=3))
    def judge_everything(self, values: list[float]) -> None:
        """Nothing waits any more: what was sent first, then what a re-scoring asks for."""
        waiting = select(Evaluation.id).where(Evaluation.state.in_(("queued", "ready")))
        while ids := self.session.scalars(waiting.order_by(Evaluation.priority, Evaluation.id)).all():
            for evaluation_id in ids:
                self.do(self._work, evaluation_id, values[evaluation_id % len(values)], "scored")

    @rule(place=some.integers(0, 99))
    def cancel(self, place: int) -> None:
        if one := self.pick(place):
            self.do(service.cancel, self.world.organizer, one.ref)

    @rule(place=some.integers(0, 99), act=some.sampled_from(["choose", "unchoose", "withdraw"]))
    def mark(self, place: int, act: str) -> None:
        if one := self.pick(place):
            who = next(p for p in self.people if p.account_id == one.participation.account_id)
            self.do(getattr(marks, act), who, one.ref)

    @rule(place=some.integers(0, 99), out=some.booleans())
    def disqualify(self, place: int, out: bool) -> None:
        if one := self.pick(place):
            words = (marks.disqualify, self.world.organizer, one.ref, "x")
            self.do(*(words if out else (marks.reinstate, *words[1:3])))

    @precondition(lambda self: self.open_rescore() is None)
    @rule()
    def judge_anew(self) -> None:
        self.do(rescoring.start, self.world.organizer, "pairs", "main")

    @precondition(lambda self: self.open_rescore() is not None)
    @rule(act=some.sampled_from(["apply", "apply", "cancel", "fill"]), skip=some.booleans())
    def end_rescoring(self, act: str, skip: bool) -> None:
        ref = self.open_rescore().ref
        if act == "fill":
            rescoring.fill_open(self.session)
        elif act == "cancel":
            self.do(rescoring.cancel, self.world.organizer, ref)
        else:
            self.do(partial(rescoring.apply, skip_failed=skip), self.world.organizer, ref, boards.rebuild)

    @rule(open_=some.booleans(), late=some.booleans())
    def move_phase(self, open_: bool, late: bool) -> None:
        moment = now(self.session)
        self.phase.accept_late = late
        self.phase.ends_at = moment + timedelta(hours=1) if open_ else moment - timedelta(seconds=1)
        self.session.flush()

    @rule(board=some.sampled_from(RULES))
    def other_rule(self, board: dict) -> None:
        self.phase.board = board
        self.session.flush()
        boards.rebuild(self.session, self.phase.id)

    @invariant()
    def limits_hold(self) -> None:
        counted = select(Submission.participation_id, func.count()).join(Evaluation)
        counted = counted.where(Evaluation.version == 1, Evaluation.state.not_in(("failed", "cancelled", "invalid")))
        for _, used in self.session.execute(counted.group_by(Submission.participation_id)):
            assert used <= LIMIT

    @invariant()
    def what_has_ended_stays_so(self) -> None:
        rows = dict(self.session.execute(select(Evaluation.id, Evaluation.state)).all())
        for evaluation_id, state in self.ended.items():
            assert rows.get(evaluation_id, state) == state
        self.ended = {key: state for key, state in rows.items() if state in TERMINAL}

    @invariant()
    def one_judgement_counts_for_each(self) -> None:
        for one in self.session.scalars(select(Submission)):
            assert one.evaluation.effective_at is not None

    @invariant()
    def the_board_equals_its_recomputation(self) -> None:
        before = standings(self.session, self.phase)
        with self.session.begin_nested() as point:
            boards.rebuild(self.session, self.phase.id)
            assert standings(self.session, self.phase) == before
            point.rollback()
        self.session.expire_all()


def test_any_order_of_acts_keeps_the_promises(world):
    Competition.world = world
    run_state_machine_as_test(
        Competition,
        # Not shrunk: that takes minutes here, and the steps of a failure are printed anyway.
        settings=settings(
            max_examples=45, stateful_step_count=40, deadline=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    done = {"submit", "_work", "cancel", "choose", "withdraw", "disqualify", "reinstate", "start", "apply"}
    assert done | {"limit_reached", "rescore_unfinished"} <= set(Competition.seen), Competition.seen
