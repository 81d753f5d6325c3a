"""What all organizers' pages share: who may see them, their navigation, questions before acts, what others changed.

Decision: an act with consequences is asked for once more by a page of its own; the script shows the same question as a
dialog. So it works without scripts, and a page never acts by a single stray click. What was done is told by a word in
the address (`?done=…`) out of a fixed list, so that nobody can put words into a page's mouth.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from app import problems
from app.accounts.guards import Organizer
from app.accounts.service import Principal
from app.competitions import audit_routes as auditing
from app.competitions import people_routes as people
from app.competitions import routes as competitions
from app.competitions.bundle_reader import MOST_YAML_BYTES
from app.competitions.schemas import AuditEventOut, CompetitionDetail, OrganizerOut
from app.errors import Fault, PreconditionFailed, Refused
from app.web.forms import to
from app.web.language import gettext
from app.web.rendering import render

SECTIONS = {
    "": "Overview",
    "phases": "Phases",
    "participants": "Participants",
    "submissions": "Submissions",
    "truth": "Truth",
    "rescores": "Judging anew",
    "integrity": "Integrity",
    "announcements": "Announcements",
    "settings": "Settings",
    "audit": "Audit log",
}
DONE = {
    "saved": "Saved.",
    "opened": "The phase is open.",
    "closed": "The phase is closed.",
    "carried": "The counting submissions were carried over; they are judged now.",
    "decided": "Decided.",
    "transferred": "The competition has another owner now.",
    "disqualified": "The submission does not count any more.",
    "reinstated": "The submission counts again.",
    "retried": "The submission is judged once more.",
    "announced": "Announced.",
    "deleted": "Deleted.",
    "restored": "The competition is back, as it was.",
    "created": "The competition is made. Look at its phases, then tell its address.",
    "applied": "The new scores and boards have effect.",
    "cancelled": "Cancelled; nothing of it is left.",
    "unchanged": "Nothing was different, so nothing was saved.",
}
CHANGES = ("competition.changed", "phase.changed", "rescore.applied", "competition.restored", "competition.deleted")
Given = TypeVar("Given", bound=BaseModel)
MOST_FIELDS = 4000
MOST_FIELD_BYTES = 4 * MOST_YAML_BYTES


@dataclass(frozen=True, slots=True)
class Frame:
    """A competition as its organizers see it. `owner`: whether the asker may change who organizes it, and delete it."""

    competition: CompetitionDetail
    organizers: list[OrganizerOut]
    owner: bool


def frame_of(who: Principal, slug: str) -> Frame:
    """The competition, for its organizers only. Raises CompetitionNotFound, Denied."""
    organizers = people.organizers(who, slug).items
    owner = who.is_admin or any(one.owner and one.username == who.username for one in organizers)
    return Frame(competitions.detail_of(who, slug), organizers, owner)


def page(
    request: Request, who: Principal, slug: str, section: str, *, fault: Fault | None = None, **values: Any
) -> Response:
    """A page of a section; `fault` is what went wrong with one of its forms, and gives the status."""
    frame = frame_of(who, slug)
    name = values.pop("template", section or "overview")
    return render(
        request,
        f"organizer/{name}.html",
        problems.status_of(fault) if fault else 200,
        sections=SECTIONS,
        section=section,
        here=f"/competitions/{slug}/organize",
        competition=frame.competition,
        organizers=frame.organizers,
        owner=frame.owner,
        fault=fault,
        meanwhile=meanwhile(who, slug, fault),
        done=DONE.get(request.query_params.get("done", "")),
        **values,
    )


def meanwhile(who: Principal, slug: str, fault: Fault | None) -> list[AuditEventOut]:
    """What others changed since the version that a refused form was made from, newest first."""
    if not isinstance(fault, PreconditionFailed):
        return []
    since = fault.extra["version"] - int(fault.extra.get("read", fault.extra["version"] - 1))
    rows = auditing.of_competition(who, slug, auditing.Chosen(), limit=100).items
    return [one for one in rows if one.action in CHANGES][: max(1, since)]


def if_match(version: str) -> str:
    """The `If-Match` of a form that was made from this version."""
    return f'"{version}"'


def outdated(fault: Fault, version: str) -> Fault:
    """The fault, which knows from which version the form was made."""
    if isinstance(fault, PreconditionFailed) and version.isdigit():
        fault.extra["read"] = int(version)
    return fault


async def _fields(request: Request, who: Organizer) -> FormData:
    return await request.form(max_fields=MOST_FIELDS, max_files=20, max_part_size=MOST_FIELD_BYTES)


Fields = Annotated[FormData, Depends(_fields)]
"""All fields of a form; who may send it was decided before."""


def text(fields: Mapping[str, Any], name: str) -> str:
    """A field's text with plain line ends, empty where it is not there. Raises Refused for a NUL."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        return ""
    if "\x00" in value:
        raise Refused("A text holds a character that cannot be kept (NUL).", field=name)
    return value.replace("\r\n", "\n")


def upload(fields: FormData, name: str, cap: int) -> tuple[bytes, str] | None:
    """A file's bytes and name, None where none was chosen. Raises Refused where it is larger than `cap`."""
    value = fields.get(name)
    if not isinstance(value, UploadFile) or not value.filename:
        return None
    if (value.size or 0) > cap:
        raise Refused(f"{value.filename} is larger than {cap} bytes.", field=name)
    return value.file.read(), value.filename


def asked(
    request: Request, who: Principal, slug: str, section: str, fields: FormData, question: str, **values: Any
) -> Response | None:
    """The page that asks before the act, None where it was confirmed."""
    if confirmed(fields):
        return None
    shown = {"question": question, "values": values, "kept": kept(fields), "told": told}
    return page(request, who, slug, section, template="confirm", **shown)


def confirmed(fields: FormData) -> bool:
    """Whether the question before the act was answered by yes."""
    return fields.get("confirmed") == "yes"


def kept(fields: FormData) -> list[tuple[str, str]]:
    """The fields of a form that its question sends again."""
    return [(name, value) for name, value in fields.multi_items() if isinstance(value, str)]


def attempt(act: Callable[[], Any], goal: str, refused: Callable[[Fault], Response], version: str = "") -> Response:
    """Do it and go on to `goal`; where it is refused, show why by `refused`."""
    try:
        act()
    except Fault as fault:
        return refused(outdated(fault, version))
    return to(goal)


def told(message: str, **values: Any) -> str:
    """A sentence in the language of the page, with its values; for templates, which know the language."""
    return gettext(message) % values


def schema(model: type[Given], values: Mapping[str, Any]) -> Given:
    """A form's values as the API's schema. Raises Refused with a sentence for each field."""
    try:
        return model(**values)
    except ValidationError as error:
        found = [
            {"where": ".".join(map(str, one["loc"])), "message": one["msg"].removeprefix("Value error, ")}
            for one in error.errors()
        ]
        raise Refused("; ".join(f"{one['where']}: {one['message']}" for one in found[:5]), fields=found) from None
