"""A scoring worker that must not score is drained: it claims nothing, leaves the queue and says so; real processes."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from sqlalchemy import select, text

from app import health
from app.broker import SCORE, nudge
from app.db import Session, now
from app.scoring.embedding import ModelUnavailable
from app.settings import settings
from app.submissions.models import Evaluation, Heartbeat
from tests.conftest import ROOT
from workers import canaries, engine, tasks

PATIENCE = 90


@pytest.fixture
def tampered(tmp_path: Path) -> Path:
    """Expected scores with one number that no worker will give."""
    expected = canaries.expected()
    expected["values"]["p_good"]["final"] = 0.25
    file = tmp_path / "expected.json"
    file.write_text(json.dumps(expected))
    return file


@pytest.fixture
def anew() -> Iterator[None]:
    """This process as if it had loaded nothing, before and after."""
    engine.condition.cache_clear()
    yield
    engine.condition.cache_clear()


@contextmanager
def worker(name: str, log: Path, **environment: str) -> Iterator[None]:
    """A real scoring worker; its output goes to `log`."""
    command = [sys.executable, "-m", "celery", "-A", "workers.main", "worker", "-Q", "score", "-c", "1", "-n", name]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, "PALMARES_DEVICE": "cpu", **environment}, stdout=out, stderr=out
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def until(what, done) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def told(name: str) -> Heartbeat | None:
    with Session.begin() as session:
        return session.get(Heartbeat, f"{name}/score")


def test_a_tampered_expectation_drains_a_real_worker_and_a_healthy_one_takes_over(servers, tampered, tmp_path):
    broker = redis.Redis.from_url(settings().redis_client_url)
    broker.delete("score")
    bad, good = tmp_path / "bad.log", tmp_path / "good.log"
    try:
        with worker("bad@here", bad, PALMARES_CANARIES=str(tampered)):
            until("it left the queue", lambda: "queue_left" in bad.read_text())
            time.sleep(1)
            found = told("bad@here")
            assert (found.state, found.model[:8]) == ("drained", "53aa5117")
            assert "p_good final is 1.0 instead of 0.25." in found.detail
            assert "worker_drained" in bad.read_text()
            with pytest.raises(RuntimeError, match=r"no worker for score, validate \(1 drained\)"):
                health.workers()
            assert nudge(SCORE, 999_999_999)
            time.sleep(3)
            assert broker.llen("score") == 1, "a drained worker leaves the rings to others"
            with worker("good@here", good):
                until("the healthy worker took the ring", lambda: broker.llen("score") == 0)
                until("it says with which model", lambda: told("good@here") and told("good@here").model)
                assert told("good@here").state == "ready"
                assert told("good@here").model == canaries.expected()["model"]
                with pytest.raises(RuntimeError, match="no worker for validate"):
                    health.workers()
            assert told("bad@here").state == "drained"
    finally:
        broker.delete("score")
        with Session.begin() as session:
            session.execute(text("DELETE FROM heartbeats"))


def ready(world) -> Evaluation:
    submission = world.submit(world.entrant())
    found = world.session.scalars(select(Evaluation).where(Evaluation.submission_id == submission.id)).one()
    found.state, found.announce_at = "ready", now(world.session)
    world.session.commit()
    return found


@pytest.mark.parametrize("fault", ["canaries", "model", "crash"])
def test_a_drained_process_claims_nothing_and_wastes_no_try(world, anew, tampered, monkeypatch, fault):
    def gone(*_: object) -> None:
        raise ModelUnavailable("There is no model.", "Install it.")

    if fault == "canaries":
        monkeypatch.setattr(settings(), "canaries", tampered)
    elif fault == "model":
        monkeypatch.setattr(engine, "embedder", gone)
    else:
        monkeypatch.setattr(settings(), "canaries", tampered.with_name("absent.json"))
    waiting = ready(world)
    tasks.score_submission(waiting.id)
    world.session.refresh(waiting)
    assert (waiting.state, waiting.tries, waiting.attempt) == ("ready", 0, 0)
    says = {
        "canaries": "canary values differ: p_good final is 1.0 instead of 0.25.",
        "model": "There is no model. Install it.",
        "crash": "The canaries could not be scored: FileNotFoundError.",
    }
    assert says[fault] in engine.condition().detail


def test_a_healthy_process_is_ready_and_shares_its_embeddings(servers, anew):
    found = engine.condition()
    assert (found.state, found.detail) == ("ready", "")
    assert engine.embedder().store is not None


def test_without_rows_to_keep_nothing_is_shared(servers, anew, monkeypatch):
    monkeypatch.setattr(settings(), "embeddings_kept", 0)
    engine.embedder().store = None
    assert engine.condition().state == "ready"
    assert engine.embedder().store is None
