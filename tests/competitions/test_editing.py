"""Changes at the same time: of many made from one version, one is kept."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from app import db
from app.competitions import editing
from app.competitions.editing_schemas import PhaseEdit
from app.competitions.models import Competition, Phase
from app.errors import PreconditionFailed
from tests.conftest import World


@pytest.fixture
def committed(servers: None) -> Iterator[None]:
    """Real commits, wiped afterwards."""
    yield
    with db.Session.begin() as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = ", ".join(name for name in names if name != "alembic_version")
        session.execute(text(f"TRUNCATE {tables} CASCADE"))


@pytest.mark.parametrize(("if_match", "kept"), [('"1"', 1), ("*", 8)])
def test_of_eight_organizers_at_once(committed, if_match, kept):
    with db.Session.begin() as session:
        who = World(session).organizer

    def one(number: int) -> bool:
        try:
            with db.Session.begin() as session:
                given = PhaseEdit(name=f"Name {number}")
                editing.edit_phase(session, who, "pairs", "main", if_match, given)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == kept
    with db.Session.begin() as session:
        assert session.scalar(select(Competition.version)) == 1 + kept
        assert session.scalar(select(Phase.name)).startswith("Name ")
