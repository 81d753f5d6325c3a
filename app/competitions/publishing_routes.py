"""HTTP doors of trusted publishing."""

from typing import Annotated

from fastapi import APIRouter, Request, status
from pydantic import BaseModel, ConfigDict, Field

from app import rates
from app.accounts import identity
from app.accounts.guards import Reader, Submitter
from app.accounts.routes import address, token_out
from app.accounts.schemas import TokenMade
from app.competitions import publishing
from app.competitions.models import Competition, Publisher
from app.db import Session

router = APIRouter(tags=["accounts"])
# Per address; the jobs of many share one.
EXCHANGES = "60/minute"
Name = Annotated[str, Field(pattern=r"^[^\x00]*$", min_length=1, max_length=300)]


class PublisherIn(BaseModel):
    """Jobs to trust: of which issuer, and what it must say of them, word for word."""

    model_config = ConfigDict(extra="forbid")

    competition: Name
    issuer: Name
    claims: dict[Name, Name] = Field(description="Such as `repository` and `ref`.", min_length=1, max_length=10)


class PublisherOut(BaseModel):
    """Jobs that may submit for you to a competition."""

    ref: str
    competition: str
    issuer: str
    claims: dict[str, str]


class PublisherList(BaseModel):
    """Your publishers, oldest first (one page holds them all)."""

    items: list[PublisherOut]
    next_cursor: str | None = None


class IdentityIn(BaseModel):
    """The identity token of a job; `competition` where more than one trusts it."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(max_length=8192, pattern=r"^[^\x00]*$")
    competition: Name | None = None


def _shown(slug: str, one: Publisher) -> PublisherOut:
    return PublisherOut(ref=one.ref, competition=slug, issuer=one.issuer, claims=one.claims)


@router.get("/me/publishers")
def listed(who: Reader) -> PublisherList:
    """The CI jobs that may submit for you."""
    with Session.begin() as session:
        found = publishing.publishers(session, who)
        items = [_shown(session.get_one(Competition, one.competition_id).slug, one) for one in found]
        return PublisherList(items=items)


@router.post("/me/publishers", status_code=status.HTTP_201_CREATED)
def add(who: Submitter, given: PublisherIn) -> PublisherOut:
    """Let CI jobs submit for you to a competition, by what their issuer says of them."""
    with Session.begin() as session:
        made = publishing.add(session, who, given.competition, given.issuer, given.claims)
        return _shown(given.competition, made)


@router.delete("/me/publishers/{ref}", status_code=status.HTTP_204_NO_CONTENT)
def remove(who: Submitter, ref: str) -> None:
    """Let these jobs submit no more."""
    with Session.begin() as session:
        publishing.remove(session, who, ref)


@router.post("/auth/oidc")
def exchange(request: Request, given: IdentityIn) -> TokenMade:
    """Trade a CI job's identity token, once, for a token of 15 minutes for one competition."""
    rates.check(EXCHANGES, "oidc", address(request))
    claims = identity.verified(given.token)
    with Session.begin() as session:
        token, secret = publishing.exchange(session, claims, given.competition)
        return TokenMade(**token_out(token).model_dump(), token=secret)
