"""What the clock asks of phases and competitions: tell and carry over at a start, remove what was deleted."""

from app.accounts import traces
from app.announcements import clock
from app.broker import VALIDATE, nudge
from app.db import Session
from app.leaderboards import carrying, purging
from app.log import log


def by_the_clock() -> None:
    """Do what is due; each phase in a transaction of its own, the rings after its commit."""
    with Session.begin() as session:
        clock.tell(session)
    with Session.begin() as session:
        due = carrying.due(session)
    for phase_id in due:
        with Session.begin() as session:
            carried = carrying.carry_by_clock(session, phase_id)
        for evaluation_id in carried.evaluation_ids:
            if not nudge(VALIDATE, evaluation_id):
                break
        if carried.evaluation_ids:
            log.info("carried", phase=phase_id, submissions=len(carried.evaluation_ids))
    with Session.begin() as session:
        removed = purging.purge(session)
        traces.forget(session)
    if removed is not None:
        log.info("competition_removed", competition=removed)
