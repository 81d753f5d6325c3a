"""The tasks: claim, compute outside any transaction, finish under the fence. Messages carry an id and nothing else."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app import storage
from app.broker import HOOKS, MAIL, SCORE, SWEEP, VALIDATE, celery, nudge
from app.db import Session
from app.errors import Fault
from app.leaderboards import service as leaderboards
from app.log import log
from app.scoring import llm_prompt
from app.scoring.plan import Plan
from app.scoring.reading import read_answers, read_references, write_answers
from app.scoring.validating import Validation, validate
from app.settings import settings
from app.submissions import evaluation as machine
from app.submissions import rescoring
from app.submissions.errors import LlmJudgeUnavailable, ScoringFailed
from app.submissions.models import Evaluation
from workers import embeddings, hooks, mails, phases

if TYPE_CHECKING:
    from app.scoring.report import Report

app = celery()


@dataclass(frozen=True, slots=True)
class Work:
    """What a task needs to know of its evaluation, read once; no row is held while computing."""

    evaluation_id: int
    attempt: int
    file_sha256: str
    file_name: str
    answers_sha256: str | None
    truth_sha256: str
    item_ids: list[str]
    plan: dict[str, Any]
    split: dict[str, Any] | None
    rescoring: bool


def take(rung: int, stage: machine.Stage) -> Work | None:
    """Claim what is next in the stage, else the evaluation that was rung for; None where neither is to be had."""
    with Session.begin() as session:
        evaluation_id = machine.next_in_turn(session, stage) or rung
        attempt = machine.claim(session, evaluation_id, stage)
        if attempt is None:
            return None
        found = session.scalars(select(Evaluation).where(Evaluation.id == evaluation_id)).one()
        return Work(
            evaluation_id,
            attempt,
            found.submission.file_sha256,
            found.submission.file_name,
            found.answers_sha256,
            found.truth.sha256,
            list(found.truth.item_ids),
            found.plan,
            found.submission.phase.split,
            found.effective_at is None,
        )


@contextmanager
def held(work: Work, stage: machine.Stage) -> Iterator[None]:
    """Renew the lease while the block runs, so that a dead worker is missed within one lease and not a time limit."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(settings().lease_seconds / 3):
            try:
                with Session.begin() as session:
                    if not machine.renew(session, work.evaluation_id, stage, work.attempt):
                        return
            except SQLAlchemyError as error:
                log.warning("lease_not_renewed", evaluation=work.evaluation_id, error=type(error).__name__)

    keeper = threading.Thread(target=run, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()


def give_back(work: Work, stage: machine.Stage, error: BaseException) -> None:
    """Our failure: another try later, `failed` after the last one. What went wrong is logged, never shown."""
    log.error("stage_failed", stage=stage, evaluation=work.evaluation_id, attempt=work.attempt, exc_info=error)
    fault = error if isinstance(error, Fault) else ScoringFailed(f"{type(error).__name__} while it was being judged.")
    if isinstance(error, llm_prompt.LlmJudgeUnavailable):
        fault = LlmJudgeUnavailable(str(error))
    with Session.begin() as session:
        machine.release(session, work.evaluation_id, stage, work.attempt, fault)


@app.task(name=VALIDATE)
def validate_submission(evaluation_id: int) -> None:
    """queued -> validating -> invalid | ready."""
    work = take(evaluation_id, "validate")
    if work is None:
        return
    try:
        with held(work, "validate"):
            found = validate(
                BytesIO(storage.get(work.file_sha256)), work.file_name, work.item_ids, settings().submission_limits
            )
            answers = storage.put(write_answers(found.answers)) if found.valid else None
    except Exception as error:
        give_back(work, "validate", error)
        return
    with Session.begin() as session:
        state = "ready" if found.valid else "invalid"
        done = machine.finish(
            session, work.evaluation_id, "validate", work.attempt, state, **_told(found), answers_sha256=answers
        )
    if done and found.valid:
        nudge(SCORE, work.evaluation_id)
    _go_on(work)
    log.info(
        "validated", evaluation=work.evaluation_id, valid=found.valid, findings=found.findings_total, fenced=not done
    )


def _told(found: Validation) -> dict[str, Any]:
    return {
        "findings": [finding.as_dict() for finding in found.findings],
        "findings_total": found.findings_total,
        "warnings": [finding.as_dict() for finding in found.warnings],
    }


@app.task(name=SCORE)
def score_submission(evaluation_id: int) -> None:
    """ready -> scoring -> scored, with the place on the board in the same transaction."""
    from app.scoring.judging import judge
    from workers.engine import condition, embedder
    from workers.judges import judges_of

    if condition().state == "drained":
        log.warning("score_refused", evaluation=evaluation_id, detail=condition().detail)
        return
    work = take(evaluation_id, "score")
    if work is None:
        return
    try:
        with held(work, "score"):
            assert work.answers_sha256 is not None  # noqa: S101  (a ready evaluation has answers)
            answers, _ = read_answers(storage.get(work.answers_sha256), "answers.jsonl", settings().submission_limits)
            references = read_references(storage.get(work.truth_sha256), "truth.jsonl")
            plan = Plan.model_validate(work.plan)
            report = judge(references, answers, plan, embedder(), **judges_of(plan))
            parts = _parts(report, plan, work.split)
            items = storage.put(report.items_jsonl())
    except Exception as error:
        give_back(work, "score", error)
        return
    values = report.as_dict()
    with Session.begin() as session:
        done = machine.finish(
            session, work.evaluation_id, "score", work.attempt, "scored",
            report=values, items_sha256=items, signature=values["signature"], final=values["final"]["value"],
            **report.item_values(), **parts,
        )  # fmt: skip
        if done and not work.rescoring:
            leaderboards.place(session, work.evaluation_id)
    _go_on(work)
    log.info("scored", evaluation=work.evaluation_id, final=values["final"]["value"], fenced=not done)


def _go_on(work: Work) -> None:
    """What ends of a re-scoring rings for the next of it."""
    if work.rescoring:
        with Session.begin() as session:
            rings = machine.due(session, 1, priority=1)
        for task, evaluation_id in rings:
            nudge(task, evaluation_id)


def _parts(report: "Report", plan: Plan, split: dict[str, Any] | None) -> dict[str, Any]:
    """The reports of the public and of the hidden items alone, where the phase splits them."""
    from app.scoring.splitting import part_of, public_items

    if split is None:
        return {}
    ids = [str(item["item_id"]) for item in report.items]
    public = public_items(ids, [item["category"] for item in report.items], **split)
    parts = {"public_report": (public, "public"), "private_report": (frozenset(ids) - public, "private")}
    made = {key: part_of(report, plan, chosen, name) for key, (chosen, name) in parts.items()}
    return {key: part.as_dict() if part is not None else None for key, part in made.items()}


@app.task(name=SWEEP)
def sweep() -> None:
    """Give back what outstayed its lease, ring again for what waits, do what the clock asks of phases, tidy up."""
    with Session.begin() as session:
        rescoring.fill_open(session)
    with Session.begin() as session:
        rings = machine.sweep(session)
    for task, evaluation_id in rings:
        if not nudge(task, evaluation_id):
            break
    embeddings.evict_now_and_then(settings().embeddings_kept)
    phases.by_the_clock()


@app.task(name=MAIL)
def send_mails() -> None:
    """A round of mail; beat rings for it where there is a mail server."""
    if settings().sends_mail:
        mails.round_of_mail()


@app.task(name=HOOKS)
def send_webhooks() -> None:
    """Begin a round of webhooks where something is due."""
    hooks.start_round()
