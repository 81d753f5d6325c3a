"""The life of submissions as a state machine on a real PostgreSQL, against a model of a few lines.

Whatever is sent, sent again, cancelled, claimed, lost, given back or finished late, in any order: each submission has
one state, ends once, is scored once; limits hold exactly; the board is its rebuild.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select, text, update

from app import db, storage
from app.competitions.errors import PhaseNotOpen
from app.competitions.models import Participation, Phase
from app.leaderboards import service as leaderboards
from app.settings import settings
from app.submissions import evaluation as stages
from app.submissions import limits, service
from app.submissions.errors import IdempotencyConflict, LimitReached, NotCancellable, ScoringFailed
from app.submissions.models import TERMINAL, Evaluation, Submission
from tests.fuzz.budget import budget
from tests.leaderboards.test_service import standings

PEOPLE = 2
RUNNING = {"validate": "validating", "score": "scoring"}
WAITING = {"validate": "queued", "score": "ready"}
FREE = ("failed", "cancelled")
picks = st.integers(0, 7)
small = st.integers(0, 4)


@dataclass
class Sent:
    """What the model knows of a submission."""

    ref: str
    id: int
    owner: int
    key: str | None
    sha256: str
    state: str = "queued"
    attempt: int = 0
    tries: int = 0
    overdue: bool = False


class Life(RuleBasedStateMachine):
    """The rules are what people, workers, the sweeper and the organizer may do; each says what must come of it."""

    def __init__(self, session, world, people) -> None:
        super().__init__()
        self.session, self.phase_id, self.people = session, world.phase.id, people
        self.connection = session.connection()
        self.savepoint = self.connection.begin_nested()
        self.sent: list[Sent] = []
        self.held: list[tuple[Sent, str, int]] = []
        self.ended: dict[int, str] = {}
        self.open = True
        self.rules: dict[str, int | None] = dict.fromkeys(
            ("max_submissions", "max_submissions_per_day", "max_concurrent", "max_invalid_per_day")
        )

    def teardown(self) -> None:
        """The board is what a rebuild makes of it; then all is undone."""
        try:
            with db.Session.begin() as session:
                phase = session.get_one(Phase, self.phase_id)
                before = standings(session, phase)
                leaderboards.rebuild(session, self.phase_id)
                assert standings(session, phase) == before
                assert sum(one[-1] for one in before) == sum(one.state == "scored" for one in self.sent)
        finally:
            self.savepoint.rollback()

    def one(self, pick: int) -> Sent:
        """One of what was sent."""
        return self.sent[pick % len(self.sent)]

    # What people do

    @rule(
        owner=st.integers(0, PEOPLE - 1), key=st.sampled_from([None, "k1", "k2"]), content=st.sampled_from(["x", "y"])
    )
    def submit(self, owner, key, content):
        sha256 = storage.put(content.encode())
        known = next((one for one in reversed(self.sent) if key and (one.owner, one.key) == (owner, key)), None)
        if known is not None and known.state in FREE:
            known = None
        received = service.Received(sha256, 1, "answers.jsonl")
        try:
            with db.Session.begin() as session:
                made, new = service.submit(session, self.people[owner], "pairs", "main", received, "", key)
                ref, number = made.ref, made.evaluation.id
        except PhaseNotOpen:
            assert not self.open
        except IdempotencyConflict:
            assert self.open
            assert known is not None
            assert known.sha256 != sha256
        except LimitReached:
            assert self.open
            assert known is None
            assert self.is_full(owner)
        else:
            assert self.open
            assert new == (known is None)
            if known is not None:
                assert (ref, sha256) == (known.ref, known.sha256)
            else:
                assert not self.is_full(owner)
                self.sent.append(Sent(ref, number, owner, key, sha256))

    def is_full(self, owner: int) -> bool:
        """Whether a limit is reached, by the model."""
        states = Counter(one.state for one in self.sent if one.owner == owner)
        counting = sum(count for state, count in states.items() if state not in (*FREE, "invalid"))
        running = sum(count for state, count in states.items() if state not in TERMINAL)
        used = {
            "max_submissions": counting,
            "max_submissions_per_day": counting,
            "max_concurrent": running,
            "max_invalid_per_day": states["invalid"],
        }
        rules = {**self.rules, "max_invalid_per_day": self.rules["max_invalid_per_day"] or settings().invalid_per_day}
        return any(rules[name] is not None and used[name] >= rules[name] for name in used)

    @precondition(lambda self: self.sent)
    @rule(pick=picks)
    def cancel(self, pick):
        one = self.one(pick)
        try:
            with db.Session.begin() as session:
                service.cancel(session, self.people[one.owner], one.ref)
        except NotCancellable:
            assert one.state in TERMINAL
        else:
            assert one.state not in TERMINAL
            one.state, one.attempt = "cancelled", one.attempt + 1

    # What workers do

    @precondition(lambda self: self.sent)
    @rule(pick=picks, stage=st.sampled_from(["validate", "score"]))
    def claim(self, pick, stage):
        one = self.one(pick)
        free = one.state == WAITING[stage] or (one.state == RUNNING[stage] and one.overdue)
        with db.Session.begin() as session:
            attempt = stages.claim(session, one.id, stage)
        if free and one.tries < settings().attempts:
            one.state, one.attempt, one.tries, one.overdue = RUNNING[stage], one.attempt + 1, one.tries + 1, False
            assert attempt == one.attempt
            self.held.append((one, stage, attempt))
        else:
            assert attempt is None

    @precondition(lambda self: self.held)
    @rule(pick=picks, bad=st.booleans(), value=st.sampled_from([0.0, 0.5, 1.0]))
    def finish(self, pick, bad, value):
        """Also by those whose lease is long over, and twice."""
        one, stage, attempt = self.held[pick % len(self.held)]
        state = "scored" if stage == "score" else "invalid" if bad else "ready"
        told = {"findings": [], "findings_total": int(bad)}
        if stage == "score":
            keys = ("final", "accuracy", "explanation")
            told = {"final": value, "report": {key: {"value": value, "ci95": [0, 1]} for key in keys}}
        with db.Session.begin() as session:
            done = stages.finish(session, one.id, stage, attempt, state, **told)
            if done and state == "scored":
                leaderboards.place(session, one.id)
        assert done == self.is_mine(one, stage, attempt)
        if done:
            one.state, one.overdue = state, False
            one.tries = 0 if state == "ready" else one.tries

    def is_mine(self, one: Sent, stage: str, attempt: int) -> bool:
        """Whether the fence lets this worker pass."""
        return one.state == RUNNING[stage] and one.attempt == attempt

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def give_back(self, pick):
        one, stage, attempt = self.held[pick % len(self.held)]
        with db.Session.begin() as session:
            state = stages.release(session, one.id, stage, attempt, ScoringFailed("by the test"))
        if not self.is_mine(one, stage, attempt):
            assert state is None
            return
        one.state = "failed" if one.tries >= settings().attempts else WAITING[stage]
        one.overdue = False
        assert state == one.state

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def renew(self, pick):
        one, stage, attempt = self.held[pick % len(self.held)]
        with db.Session.begin() as session:
            assert stages.renew(session, one.id, stage, attempt) == self.is_mine(one, stage, attempt)
        if self.is_mine(one, stage, attempt):
            one.overdue = False

    @precondition(lambda self: any(one.state in RUNNING.values() for one in self.sent))
    @rule(pick=picks)
    def die(self, pick):
        """A worker is gone: nobody renews, and the lease is over."""
        running = [one for one in self.sent if one.state in RUNNING.values()]
        one = running[pick % len(running)]
        past = func.clock_timestamp() - timedelta(seconds=1)
        with db.Session.begin() as session:
            session.execute(update(Evaluation).where(Evaluation.id == one.id).values(lease_until=past))
        one.overdue = True

    # What the sweeper and the organizer do

    @rule()
    def sweep(self):
        with db.Session.begin() as session:
            rings = stages.sweep(session)
        for one in self.sent:
            if one.overdue and one.state in RUNNING.values():
                stage = next(stage for stage, state in RUNNING.items() if state == one.state)
                one.state = "failed" if one.tries >= settings().attempts else WAITING[stage]
                one.overdue = False
        waiting = {one.id for one in self.sent if one.state in WAITING.values()}
        assert {number for _, number in rings} <= waiting, "rings are for what waits"

    @rule(name=st.sampled_from(["max_submissions", "max_submissions_per_day", "max_concurrent", "max_invalid_per_day"]),
          limit=st.none() | st.integers(1, 3))  # fmt: skip
    def change_limit(self, name, limit):
        self.rules[name] = limit
        with db.Session.begin() as session:
            session.execute(update(Phase).where(Phase.id == self.phase_id).values({name: limit}))

    @rule(is_open=st.booleans())
    def close_or_open(self, is_open):
        self.open = is_open
        end = None if is_open else func.clock_timestamp() - timedelta(seconds=1)
        with db.Session.begin() as session:
            session.execute(update(Phase).where(Phase.id == self.phase_id).values(ends_at=end))

    # What holds at any moment

    @invariant()
    def every_row_is_as_the_model_says(self):
        with db.Session.begin() as session:
            rows = session.execute(
                select(Submission.ref, Evaluation.id, Evaluation.state, Evaluation.attempt, Evaluation.tries)
                .join(Evaluation, Evaluation.submission_id == Submission.id)
                .where(Submission.phase_id == self.phase_id)
            ).all()
        found = sorted(tuple(row) for row in rows)
        assert found == sorted((one.ref, one.id, one.state, one.attempt, one.tries) for one in self.sent)
        assert all(one.tries <= settings().attempts for one in self.sent)

    @invariant()
    def what_ended_stays_ended(self):
        for one in self.sent:
            assert self.ended.setdefault(one.id, one.state) == one.state if one.state in TERMINAL else True

    @invariant()
    def what_is_used_is_counted(self):
        with db.Session.begin() as session:
            phase = session.get_one(Phase, self.phase_id)
            for number, who in enumerate(self.people):
                mine = select(Participation).where(Participation.account_id == who.account_id)
                told = limits.limits_of(session, phase, session.scalars(mine).one())
                states = [one.state for one in self.sent if one.owner == number]
                assert told.total.used == sum(state not in (*FREE, "invalid") for state in states)
                assert told.invalid.used == states.count("invalid")
                assert told.concurrent.used == sum(state not in TERMINAL for state in states)


def test_the_life_of_submissions_is_as_the_model_says(session, world):
    people = [world.entrant() for _ in range(PEOPLE)]
    world.phase.limit_window = "rolling"
    session.flush()
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    run_state_machine_as_test(lambda: Life(session, world, people), settings=budget(15, share=0.2, steps=40))
