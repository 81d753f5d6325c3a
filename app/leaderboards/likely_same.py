"""Accounts of a competition that may be one person's: the same mailbox, files, answers or network; for its organizers.

Members of one team are left out: they may share all of it.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import AccountTrace
from app.accounts.service import Principal
from app.accounts.traces import mailbox
from app.competitions import service as competitions
from app.competitions.models import Participation, Phase
from app.errors import Denied
from app.settings import settings
from app.submissions.models import Evaluation, Submission

TOP = 200
CAVEAT = (
    "Evidence to read, not proof: a household, a laboratory or a proxy is one network, and a starting kit's file is "
    "sent by many."
)
WHY = {
    "email": "Their e-mail addresses lead to one mailbox.",
    "file": "They sent the same file.",
    "answers": "They sent the same answers and explanations.",
    "network": "They signed up or in from the same network.",
}
"""The kinds of evidence, strongest first, and what each says."""


def accounts_of(session: Session, who: Principal, slug: str) -> dict[str, Any]:
    """Groups of accounts with something in common. Raises CompetitionNotFound, Denied."""
    competition = competitions.competition_of(session, slug)
    if not competitions.organizes(who, competition):
        raise Denied("Only the competition's organizers may read what accounts have in common.")
    people = list(session.scalars(select(Participation).where(Participation.competition_id == competition.id)))
    mine = {one.id: one for one in people}
    found = {
        "email": _groups((mailbox(one.account.email), one.id) for one in people),
        "file": _sent(session, competition.id, Submission.file_sha256),
        "answers": _sent(session, competition.id, Evaluation.answers_sha256),
        "network": _networks(session, competition.id),
    }
    groups = []
    for kind, several in found.items():
        for ids in several:
            members = [mine[number] for number in ids]
            entrants = {("team", one.team_id) if one.team_id else ("alone", one.id) for one in members}
            if len(entrants) > 1:
                names = sorted(one.account.username for one in members)
                groups.append({"kind": kind, "accounts": names, "why": WHY[kind]})
    groups.sort(key=lambda group: (list(WHY).index(group["kind"]), -len(group["accounts"]), group["accounts"]))
    return {
        "version": 1,
        "competition": slug,
        "participants": len(people),
        "caveat": CAVEAT,
        "note": "" if settings().trace_key else "Networks are not compared: the server keeps no traces of them.",
        "groups_total": len(groups),
        "groups": groups[:TOP],
    }


def _groups(pairs: Iterable[tuple[str, int]]) -> list[list[int]]:
    """The participations that share a value."""
    found: dict[str, set[int]] = defaultdict(set)
    for value, participation_id in pairs:
        found[value].add(participation_id)
    return [sorted(ids) for ids in found.values() if len(ids) > 1]


def _sent(session: Session, competition_id: int, column: Any) -> list[list[int]]:
    """The participations that sent the same, each set of them once."""
    ids = func.array_agg(Submission.participation_id.distinct())
    several = (
        select(ids)
        .select_from(Submission)
        .join(Phase, Phase.id == Submission.phase_id)
        .join(Evaluation, Evaluation.submission_id == Submission.id)
        .where(Phase.competition_id == competition_id, column.is_not(None))
        .group_by(column)
        .having(func.count(Submission.participation_id.distinct()) > 1)
    )
    return [list(one) for one in sorted({tuple(sorted(row)) for row in session.scalars(several)})]


def _networks(session: Session, competition_id: int) -> list[list[int]]:
    rows = session.execute(
        select(AccountTrace.address_hash, Participation.id)
        .join(Participation, Participation.account_id == AccountTrace.account_id)
        .where(Participation.competition_id == competition_id)
    )
    sets = {tuple(ids) for ids in _groups((row.address_hash, row.id) for row in rows)}
    return [list(one) for one in sorted(sets)]
