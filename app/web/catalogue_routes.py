"""The catalogue of problems as JSON, for whoever branches on their codes."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel

from app.web import catalogue

router = APIRouter(tags=["problems"])


class ProblemOut(BaseModel):
    """A kind of refusal: its stable code, HTTP status, meaning, and how to mend it; `type` is its page."""

    type: str
    code: str
    status: int
    title: str
    text: str
    fix: str


class ProblemList(BaseModel):
    """Every kind of refusal by its code (one page holds them all)."""

    items: list[ProblemOut]
    next_cursor: str | None = None


@router.get("/problems")
def problems() -> ProblemList:
    """Every problem code with its status, its meaning and how to mend it."""
    entries = catalogue.entries().values()
    return ProblemList(items=[ProblemOut(type=f"/problems/{one.code}", **asdict(one)) for one in entries])
