"""HTTP doors of one's own data: take all of it, or let the account be deleted.

Boards, and the files that CodaBench's clients announce, come from rooms above this one: `create_app` hands their
functions in as `app.state.rebuild`, `app.state.announced` and `app.state.forget_announced`.
"""

from typing import Any

from fastapi import APIRouter, Request, Response, status
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import Field
from sqlalchemy import select

from app import rates
from app.accounts.guards import Reader
from app.accounts.routes import address
from app.accounts.schemas import Given
from app.competitions.models import Participation
from app.db import Session
from app.errors import Denied
from app.settings import settings
from app.submissions import personal
from app.submissions.models import Submission
from app.submissions.routes import shown

router = APIRouter(tags=["accounts"])


class Goodbye(Given):
    """The password, for what cannot be taken back."""

    password: str = Field(max_length=256)


@router.get("/me/export", response_class=JSONResponse)
def export_me(request: Request, who: Reader) -> Response:
    """All that is kept of you, as one JSON document; files of submissions by their links."""
    with Session.begin() as session:
        found: dict[str, Any] = personal.personal_data(session, who.account_id)
        found["announced"] = request.app.state.announced(session, who.account_id)
        mine = select(Submission).join(Participation).where(Participation.account_id == who.account_id)
        sent = session.scalars(mine.order_by(Submission.created_at, Submission.id))
        found["submissions"] = [shown(request, session, who, row).model_dump(mode="json") for row in sent]
        content = jsonable_encoder({"version": 1, **found})
    name = f'attachment; filename="palmares-{who.username}.json"'
    return JSONResponse(content, headers={"Content-Disposition": name, "Cache-Control": "no-store"})


@router.delete("/me", status_code=status.HTTP_204_NO_CONTENT)
def delete_me(request: Request, who: Reader, given: Goodbye) -> None:
    """Delete your account, by a browser session: who you are goes, what you sent stays on the boards without a name."""
    if who.token_ref is not None:
        raise Denied("A token may not delete the account; sign in with a browser.")
    rates.check(settings().login_rate, "login", who.username, address(request))
    with Session.begin() as session:
        phases = personal.forget(session, who, given.password)
        request.app.state.forget_announced(session, who.account_id)
        for phase_id in phases:
            request.app.state.rebuild(session, phase_id)
