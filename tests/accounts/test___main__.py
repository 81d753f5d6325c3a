"""The operator's door: a change of role is kept with what it was before."""

import argparse

from sqlalchemy import select

from app.accounts import __main__ as door
from app.audit import AuditEvent


def test_a_change_of_role_leaves_a_row(world, session):
    world.person("ada")
    session.commit()
    door.role(argparse.Namespace(username="Ada", role="organizer"))
    row = session.scalars(select(AuditEvent).where(AuditEvent.action == "account.role")).one()
    assert (row.actor_id, row.target, row.before, row.after) == (
        None, "ada", {"role": "participant"}, {"role": "organizer"},
    )  # fmt: skip
