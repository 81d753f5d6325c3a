"""HTTP doors of accounts for administrators."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlakeyset import BadBookmark, select_page

from app.accounts import administering
from app.accounts.guards import Admin
from app.accounts.models import Account
from app.db import Session
from app.errors import Refused

router = APIRouter(tags=["administration"])
Role = Literal["participant", "organizer", "admin"]


class AccountOut(BaseModel):
    """An account as administrators see it."""

    username: str
    email: str
    role: Role
    active: bool
    created_at: datetime


class AccountList(BaseModel):
    """A page of accounts, newest first."""

    items: list[AccountOut]
    next_cursor: str | None = None


class AccountChange(BaseModel):
    """What to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    active: bool | None = None


@router.get("/admin/accounts")
def accounts(
    who: Admin,
    search: Annotated[str, Query(max_length=254)] = "",
    role: Role | None = None,
    active: bool | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
) -> AccountList:
    """All accounts, newest first; for administrators."""
    with Session.begin() as session:
        try:
            rows = administering.accounts(search, role, active)
            page = select_page(session, rows, per_page=limit, page=cursor or None)
        except BadBookmark as error:
            raise Refused("The cursor is not one of ours.", field="cursor") from error
        items = [_shown(account) for (account,) in page]
        return AccountList(items=items, next_cursor=page.paging.bookmark_next if page.paging.has_next else None)


@router.patch("/admin/accounts/{username}")
def change(who: Admin, username: str, given: AccountChange) -> AccountOut:
    """Give an account another role, or disable or enable it; for administrators, and logged."""
    with Session.begin() as session:
        return _shown(administering.change(session, who, username, role=given.role, active=given.active))


def _shown(account: Account) -> AccountOut:
    return AccountOut.model_validate(account, from_attributes=True)
