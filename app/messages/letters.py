"""What the mails say: one plain function for each. Of scores only the reader's own, of the truth nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime

from app.messages.links import page

LONGEST_SUBJECT = 200
LISTED = 20
Changed = tuple[str, float | None, float | None]
"""A submission's ref, its score before and its score now."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and a text; greeting and foot are added when it is sent."""

    subject: str
    text: str

    def __post_init__(self) -> None:
        # A title may hold anything; a header is one line.
        object.__setattr__(self, "subject", one_line(self.subject)[:LONGEST_SUBJECT])


def one_line(text: str) -> str:
    """The text without line breaks, control and invisible characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def moment(at: datetime) -> str:
    """A time in UTC, to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def decided(slug: str, title: str, status: str, reason: str) -> Letter:
    """An organizer approved, denied or banned a participation."""
    if status == "approved":
        said = "The organizers have approved your participation. You can submit to the phases that are open:"
        return Letter(f"You are in: {title}", f"{said}\n{page(f'/competitions/{slug}')}")
    barred = status == "banned"
    said = "The organizers have banned you." if barred else "The organizers have declined your participation."
    said += f" Their reason: {one_line(reason)}" if reason else ""
    said += "\nIf you have questions, ask them:"
    subject = "Banned" if barred else "Not approved"
    return Letter(f"{subject}: {title}", f"{said}\n{page(f'/competitions/{slug}')}")


def scored(ref: str, title: str, phase: str, final: float | None) -> Letter:
    """A submission has its score; None: it is not told by mail."""
    value = "" if final is None else f"{final:.4f}"
    said = f"Your submission {ref} to {one_line(phase)} of {one_line(title)} is scored{value and f': {value}'}."
    return Letter(f"Scored{value and f' {value}'}: {ref} ({title})", f"{said}\n{page(f'/submissions/{ref}')}")


def invalid(ref: str, title: str, phase: str, findings: int) -> Letter:
    """A submission cannot be read."""
    count = "1 finding" if findings == 1 else f"{findings} findings"
    said = f"Your submission {ref} to {one_line(phase)} of {one_line(title)} is invalid: {count}, each with its cure."
    return Letter(f"Invalid: {ref} ({title})", f"{said}\n{page(f'/submissions/{ref}')}")


def failed(ref: str, title: str, phase: str) -> Letter:
    """A submission could not be judged, by the platform's fault."""
    said = f"Your submission {ref} to {one_line(phase)} of {one_line(title)} could not be judged."
    ours = "It is our fault and costs nothing: you may send it again."
    return Letter(f"Failed: {ref} ({title})", f"{said} {ours}\n{page(f'/submissions/{ref}')}")


def rescored(slug: str, title: str, phase_slug: str, phase: str, reason: str, changed: list[Changed]) -> Letter:
    """A phase was judged anew: the reader's submissions of another score; None twice: it is not told by mail."""
    lines = [
        ref if old is None and new is None else f"{ref}: {_value(old)} -> {_value(new)}"
        for ref, old, new in changed[:LISTED]
    ]
    if len(changed) > LISTED:
        lines.append(f"and {len(changed) - LISTED} more")
    said = f"{one_line(phase)} of {one_line(title)} was judged anew, with these submissions of yours."
    said += f" The organizers' reason: {one_line(reason)}" if reason else ""
    place = page(f"/competitions/{slug}?phase={phase_slug}")
    return Letter(f"Judged anew: {phase} ({title})", "\n".join([said, "", *lines, "", place]))


def _value(value: float | None) -> str:
    return "no score" if value is None else f"{value:.4f}"


def phase_opened(slug: str, title: str, phase_slug: str, phase: str, ends_at: datetime | None) -> Letter:
    """A phase began."""
    until = f", until {moment(ends_at)}" if ends_at else ""
    said = f"{one_line(phase)} of {one_line(title)} is open{until}."
    return Letter(f"Open: {phase} ({title})", f"{said}\n{page(f'/competitions/{slug}?phase={phase_slug}')}")


def phase_closed(slug: str, title: str, phase_slug: str, phase: str, ends_at: datetime) -> Letter:
    """A phase ended."""
    said = f"{one_line(phase)} of {one_line(title)} closed at {moment(ends_at)}. The board:"
    return Letter(f"Closed: {phase} ({title})", f"{said}\n{page(f'/competitions/{slug}?phase={phase_slug}')}")


def announcement(slug: str, title: str, headline: str, body: str) -> Letter:
    """What the organizers wrote, as they wrote it."""
    said = f"The organizers of {one_line(title)} announce:\n\n{one_line(headline)}\n\n{body.strip()}"
    return Letter(f"{title}: {headline}", f"{said}\n\n{page(f'/competitions/{slug}')}")
