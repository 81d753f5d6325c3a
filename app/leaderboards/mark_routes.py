"""HTTP doors of marks: choose, withdraw, disqualify and take back."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.guards import Organizer, Submitter
from app.db import Session
from app.leaderboards import marks
from app.submissions.routes import shown
from app.submissions.schemas import SubmissionOut

router = APIRouter(tags=["submissions"], prefix="/submissions/{ref}")


class Disqualify(BaseModel):
    """Why it does not count, for its sender to read."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")]


@router.post("/choose")
def choose(request: Request, who: Submitter, ref: str) -> SubmissionOut:
    """Choose what is to count, while the phase is open and where its rule is `choice`."""
    with Session.begin() as session:
        return shown(request, session, who, marks.choose(session, who, ref))


@router.post("/unchoose")
def unchoose(request: Request, who: Submitter, ref: str) -> SubmissionOut:
    """Take a choice back, while the phase is open."""
    with Session.begin() as session:
        return shown(request, session, who, marks.unchoose(session, who, ref))


@router.post("/withdraw")
def withdraw(request: Request, who: Submitter, ref: str) -> SubmissionOut:
    """Let your submission not count, for good, until the phase is published."""
    with Session.begin() as session:
        return shown(request, session, who, marks.withdraw(session, who, ref))


@router.post("/disqualify")
def disqualify(request: Request, who: Organizer, ref: str, given: Disqualify) -> SubmissionOut:
    """Let a submission not count, with a reason; for the competition's organizers, at any time."""
    with Session.begin() as session:
        return shown(request, session, who, marks.disqualify(session, who, ref, given.reason.strip()))


@router.post("/reinstate")
def reinstate(request: Request, who: Organizer, ref: str) -> SubmissionOut:
    """Take a disqualification back; for the competition's organizers."""
    with Session.begin() as session:
        return shown(request, session, who, marks.reinstate(session, who, ref))
