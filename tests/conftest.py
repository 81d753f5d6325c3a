"""What the server's tests stand on: a real PostgreSQL and Valkey of their own, a migrated database, savepoints.

Each pytest process starts its own pair of embedded servers in a short temporary folder before any settings are read.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from sqlalchemy.orm import Session as OrmSession

    from app.accounts.service import Principal
    from app.submissions.models import Submission

ROOT = Path(__file__).resolve().parents[1]
RAIM = Path(os.environ.get("PALMARES_RAIM_PIQA", ROOT.parent / "shared" / "data" / "raim-piqa"))

_HOME = tempfile.mkdtemp(prefix="plm-")
os.environ.update(
    PALMARES_DATA_DIR=f"{_HOME}/data", PALMARES_SIGNUP_RATE="100000/hour", PALMARES_RESET_RATE="100000/hour"
)
os.environ.update(PALMARES_ACCOUNT_RATE="off", PALMARES_ADDRESS_RATE="off")
for name in ("PALMARES_DATABASE_URL", "PALMARES_REDIS_URL", "PALMARES_STORAGE_URL", "PALMARES_URL", "PALMARES_TOKEN"):
    os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def raim() -> Path:
    """The public RAIM-PIQA training rows, beside the project; tests that need them are skipped where they are not."""
    file = RAIM / "train_grpo_1536.jsonl"
    if not file.exists():
        pytest.skip(f"RAIM-PIQA is not at {RAIM} (PALMARES_RAIM_PIQA names another folder)")
    return file


@pytest.fixture(scope="session")
def servers() -> Iterator[None]:
    """PostgreSQL and Valkey, migrated to head, for this pytest process."""
    from app.embedded.servers import Servers
    from app.settings import settings

    with Servers(settings().data_dir, settings().run_dir, postgres_settings={"fsync": "off"}):
        subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], cwd=ROOT, check=True)
        yield
        from app import db

        if db.engine.cache_info().currsize:
            db.engine().dispose()


@pytest.fixture
def session(servers: None) -> "Iterator[OrmSession]":
    """A session inside a transaction that is rolled back; every door of the app joins it by savepoints."""
    from sqlalchemy.orm import sessionmaker

    from app import db

    with db.engine().connect() as connection:
        outer = connection.begin()
        factory = sessionmaker(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        before, db.Session.factory = db.Session.factory, factory
        try:
            with factory() as opened:
                yield opened
        finally:
            db.Session.factory = before
            outer.rollback()


@pytest.fixture
def committed(servers: None) -> Iterator[None]:
    """Real commits, wiped afterwards."""
    from sqlalchemy import text

    from app import db

    yield
    with db.Session.begin() as opened:
        names = opened.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = ", ".join(name for name in names if name != "alembic_version")
        opened.execute(text(f"TRUNCATE {tables} CASCADE"))


@pytest.fixture
def world(session: "OrmSession") -> "World":
    """An open phase with two items and no limits, in the rolled-back transaction."""
    return World(session)


@pytest.fixture
def client(session: "OrmSession") -> "Iterator[TestClient]":
    """The web application in this process, on the rolled-back transaction; rings for workers go nowhere."""
    from fastapi.testclient import TestClient

    from app.main import create_app

    with TestClient(create_app(), raise_server_exceptions=False) as opened:
        yield opened


TRUTH = (
    b'{"id": "p_000", "answer": "A", "explanation": "Face Texture: Image A keeps more skin detail."}\n'
    b'{"id": "s_000", "answer": "B", "explanation": "Global Noise: Image B is cleaner in the sky."}\n'
)


class World:
    """Makes what a test needs, with as few words as it can."""

    def __init__(self, session: "OrmSession") -> None:
        from app.competitions.models import Competition, Phase
        from app.competitions.service import add_truth
        from app.db import now
        from app.scoring.plan import Plan

        self.session, self.number = session, 0
        self.organizer = self.person("organizer", "organizer")
        self.competition = Competition(
            slug="pairs",
            title="Pairs",
            organizer_id=self.organizer.account_id,
            registration_auto_approve=True,
            pages=[],
        )
        session.add(self.competition)
        session.flush()
        self.phase = Phase(
            competition_id=self.competition.id,
            slug="main",
            name="Main",
            index=0,
            starts_at=now(session) - timedelta(hours=1),
            plan=Plan().model_dump(mode="json"),
        )
        session.add(self.phase)
        session.flush()
        from app import storage

        add_truth(session, self.phase, storage.put(TRUTH), ["p_000", "s_000"], self.organizer.account_id)
        session.flush()

    def person(self, name: str = "", role: str = "participant") -> "Principal":
        """An account that can do what its role may."""
        from app.accounts.models import Account
        from app.accounts.service import Principal, scopes_of

        self.number += 1
        name = name or f"person{self.number}"
        account = Account(username=name, email=f"{name}@example.org", password_hash="-", role=role)
        self.session.add(account)
        self.session.flush()
        return Principal(account.id, name, role, scopes_of(role))

    def entrant(self) -> "Principal":
        """A participant of the competition."""
        from app.competitions import people

        who = self.person()
        people.join(self.session, who, "pairs", accept_terms=True)
        return who

    def submit(
        self, who: "Principal", key: str | None = None, content: bytes = b"{}", phase: str = "main"
    ) -> "Submission":
        """A submission of this content, queued."""
        from app import storage
        from app.submissions import service

        received = service.Received(storage.put(content), len(content), "answers.jsonl")
        return service.submit(self.session, who, "pairs", phase, received, "", key)[0]

    def token(self, who: "Principal", *scopes: str) -> dict[str, str]:
        """Headers with a fresh token of this person."""
        from app.accounts import service

        _, secret = service.create_token(
            self.session, who, "test", list(scopes) or sorted(who.scopes), timedelta(days=1)
        )
        self.session.commit()
        return {"Authorization": f"Bearer {secret}"}
