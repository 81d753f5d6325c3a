"""Changes at the same time: of many made from one version, one is kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app import db
from app.competitions import editing
from app.competitions.editing_schemas import PhaseEdit
from app.competitions.models import Competition, Phase
from app.errors import PreconditionFailed
from tests.conftest import World


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
