"""Send a file, or only check it: a plain form, and the same doors for the script that shows progress.

Decision: the Idempotency-Key is drawn with the form and stands in its address, because who may send is decided before a
body is read: a double click, a retry after a broken connection or a reload of the answer is the same submission. A
script draws a new key with each file that is chosen. What asks with `X-Part` gets a piece of a page.
"""

from typing import Annotated

import anyio
from fastapi import APIRouter, Query, Request, Response, status

from app import problems
from app.accounts.guards import Submitter
from app.accounts.service import Principal
from app.errors import Fault
from app.settings import MIB, settings
from app.submissions import routes as submissions
from app.submissions.schemas import ValidationOut
from app.web.addresses import to
from app.web.me.results import phase_of
from app.web.rendering import Page, render
from app.web.views import competition_page

router = APIRouter(include_in_schema=False, route_class=Page)
# A form with a file: the file itself, and its frame. What is too large is told by `receiving`, this is the last wall.
UPLOAD_BYTES = settings().upload_bytes + 2 * MIB
Key = Annotated[str | None, Query(min_length=8, max_length=100)]
Ref = Annotated[str | None, Query(max_length=32)]
PHASE = "/competitions/{slug}/phases/{phase}"


def wants_part(request: Request) -> bool:
    """Whether a script asks for a piece of a page."""
    return "x-part" in request.headers


@router.post(PHASE + "/submit", max_body_size=UPLOAD_BYTES)
async def submit(
    request: Request, who: Submitter, slug: str, phase: str, key: Key = None, upload: Ref = None
) -> Response:
    """Send a submission, or an upload that is complete; who may is decided before the body is read."""
    try:
        made = await submissions.create(request, Response(), who, slug, phase, key, upload)
    except Fault as fault:
        return await anyio.to_thread.run_sync(_refused, request, who, slug, phase, fault)
    if wants_part(request):
        return Response(status_code=status.HTTP_201_CREATED, headers={"Location": made.links["page"]})
    return to(made.links["page"])


@router.post(PHASE + "/check", max_body_size=UPLOAD_BYTES)
async def check(request: Request, who: Submitter, slug: str, phase: str) -> Response:
    """Check a file without sending it; costs nothing."""
    try:
        found = await submissions.check(request, who, slug, phase)
    except Fault as fault:
        return await anyio.to_thread.run_sync(_refused, request, who, slug, phase, fault)
    return await anyio.to_thread.run_sync(_checked, request, who, slug, phase, found)


def _refused(request: Request, who: Principal, slug: str, phase: str, fault: Fault) -> Response:
    if wants_part(request):
        return render(request, "me/refused.html", problems.status_of(fault), fault=fault)
    return competition_page(request, who, slug, phase, fault)


def _checked(request: Request, who: Principal, slug: str, phase: str, found: ValidationOut) -> Response:
    if wants_part(request):
        return render(request, "me/checked.html", found=found)
    return render(
        request, "me/check.html", found=found, slug=slug, phase=phase_of(who, slug, phase),
        limits=submissions.limits(who, slug, phase), upload_bytes=settings().upload_bytes, fault=None,
    )  # fmt: skip
