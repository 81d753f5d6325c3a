"""A competition bundle (CodaBench v2 schema, plus our own keys): zip bytes -> values, or all findings.

Nothing here touches the database; what the keys mean is in `bundle_schema`.
"""

import io
import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from app.competitions import judges
from app.competitions.board_columns import board_rule
from app.competitions.bundle_reader import Path, Reader, limits
from app.competitions.bundle_schema import CompetitionIn, PhaseIn, TaskIn
from app.competitions.errors import BundleInvalid
from app.competitions.rules import BoardRule
from app.scoring.archive import members
from app.scoring.entailment import JudgeNotConfigured
from app.scoring.findings import Findings, Invalid
from app.scoring.plan import PlanInvalid, load
from app.scoring.reading import read_references, write_references
from app.settings import MIB

MOST_IMAGE_BYTES = 2 * MIB
IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
"""Kinds of images by their first bytes; SVG is not taken, it can carry scripts."""


@dataclass
class PhaseBundle:
    """A phase's values, its canonical truth (bytes, ids; empty: none is given) and its files as zips.

    `gate` and `carry_from` are slugs of other phases of the bundle.
    """

    values: dict[str, Any]
    truth: bytes = b""
    item_ids: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    gate: str | None = None
    carry_from: str | None = None


@dataclass
class Bundle:
    """A whole competition, ready to be applied. `notes` names keys without effect, in the form of findings."""

    values: dict[str, Any]
    phases: list[PhaseBundle]
    image: bytes | None = None
    notes: list[dict[str, Any]] = field(default_factory=list)


def slugify(text: str) -> str:
    """A title as a slug: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def kind_of_image(content: bytes) -> str | None:
    """The media type of an image by its first bytes, None where it is none that is taken."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in IMAGES.items() if content.startswith(start)), None)


def read_bundle(packed: bytes) -> Bundle:
    """A bundle's zip as values. Raises BundleInvalid with all findings."""
    try:
        files = members(io.BytesIO(packed), limits())
    except Invalid as error:
        found = [finding.as_dict() for finding in error.findings]
        raise BundleInvalid(found[0]["message"], findings=found, findings_total=error.total) from error
    reader = Reader(files)
    given = reader.document()
    boards = _boards(reader, given)
    tasks = {task.index: (place, task) for place, task in enumerate(given.tasks)}
    order = sorted(range(len(given.phases)), key=lambda place: given.phases[place].index)
    phases = [_phase(reader, place, given.phases[place], tasks, boards) for place in order]
    for index, phase in enumerate(phases):
        phase.values["index"] = index
    _check_phases(reader, given, order, phases)
    bundle = Bundle(_values(reader, given), phases, _image(reader, given.image), reader.notes)
    if given.overall is not None and given.overall.weights is not None:
        unknown = set(given.overall.weights) - {phase.values["slug"] for phase in phases}
        if unknown:
            message = f"there is no phase {sorted(unknown)[0]!r}."
            reader.fault("unknown_phase", ("overall", "weights"), message, "Name phases by their slug.")
    if reader.findings:
        raise reader.refuse()
    return bundle


def _values(reader: Reader, given: CompetitionIn) -> dict[str, Any]:
    return {
        "slug": given.slug or slugify(given.title),
        "title": given.title,
        "description": given.description,
        "registration_auto_approve": given.registration_auto_approve,
        "allowed_emails": sorted({one.lower() for one in given.allowed_emails}),
        "contact_email": given.contact_email,
        "reward": given.reward or "",
        "anonymous": given.anonymous,
        "team_size": given.team_size,
        "overall": given.overall.model_dump(mode="json") if given.overall else None,
        "terms": reader.text(("terms",), given.terms),
        "pages": [
            {"title": page.title, "content": reader.text(("pages", place, "file"), page.file)}
            for place, page in enumerate(given.pages)
        ],
    }


def _image(reader: Reader, name: str | None) -> bytes | None:
    if name is None:
        return None
    content = reader.content(("image",), name)
    if content is not None and (len(content) > MOST_IMAGE_BYTES or kind_of_image(content) is None):
        message = f"{name!r} is no PNG, JPEG, GIF or WebP image of at most 2 MiB."
        reader.fault("bad_image", ("image",), message, "Give another one, or leave `image` out.")
    return content


def _boards(reader: Reader, given: CompetitionIn) -> dict[str, Any]:
    """What the first leaderboard says of all phases: the rule of the board, and whether it is hidden."""
    if not given.leaderboards:
        return {"board": {}, "hidden": False}
    for place in range(1, len(given.leaderboards)):
        reader.notes.append(
            reader.at("not_supported", ("leaderboards", place), "not supported: only the first one counts.",
                       "Give a phase its own `board`.")
        )  # fmt: skip
    first: Path = ("leaderboards", 0)
    before = len(reader.findings)
    fields = board_rule(given.leaderboards[0], lambda path, *told: reader.fault("bad_value", (*first, *path), *told))
    if len(reader.findings) > before:
        return {"board": {}, "hidden": False}
    return {"board": _dumped(BoardRule.model_validate(fields)), "hidden": given.leaderboards[0].hidden}


def _dumped(rule: BoardRule) -> dict[str, Any]:
    """Only what differs from the defaults, so that a rule written in two ways is stored in one."""
    return rule.model_dump(mode="json", exclude_defaults=True)


def _phase(
    reader: Reader, place: int, given: PhaseIn, tasks: dict[int, tuple[int, TaskIn]], boards: dict[str, Any]
) -> PhaseBundle:
    here = ("phases", place)
    values: dict[str, Any] = {
        "slug": given.slug or slugify(given.name),
        "name": given.name,
        "description": given.description,
        "starts_at": given.start,
        "ends_at": given.end,
        "max_submissions_per_day": given.max_submissions_per_day or None,
        "max_submissions": given.max_submissions or None,
        "limit_window": given.limit_window,
        "max_concurrent": given.max_concurrent or None,
        "max_invalid_per_day": given.max_invalid_per_day or None,
        "paused": given.paused,
        "accept_late": given.accept_late,
        "freeze_hours": given.freeze_hours or None,
        # A hidden board is one that stands still from the start, until somebody publishes it.
        "publish": "manual" if boards["hidden"] and given.board is None else given.publish,
        "board": _dumped(given.board) if given.board is not None else boards["board"],
        "split": given.split.model_dump(mode="json", exclude_none=True) if given.split else None,
    }
    if given.frozen_at is not None:
        values["frozen_at"] = given.frozen_at
    elif boards["hidden"] and given.board is None:
        values["frozen_at"] = given.start
    phase = PhaseBundle(values, gate=given.gate, carry_from=given.carry_from)
    if given.end is not None and given.end <= given.start:
        reader.fault("bad_value", (*here, "end"), "the phase ends before it starts.", "Let it end after its start.")
    for key in ("starting_kit", "public_data"):
        packed = reader.folder((*here, key), getattr(given, key))
        if packed is not None:
            phase.files[key] = packed
    if given.tasks[0] not in tasks:
        reader.fault("unknown_task", (*here, "tasks"), f"there is no task {given.tasks[0]}.", "Name a task's index.")
        return phase
    _task(reader, phase, *tasks[given.tasks[0]])
    if values["board"].get("ladder") and given.split is None:
        reader.fault("bad_value", (*here, "board"), "a `ladder` needs public items.", "Give the phase a `split`.")
    if given.split is not None and given.split.items is not None and phase.item_ids:
        unknown = sorted(set(given.split.items) - set(phase.item_ids))
        if unknown or set(given.split.items) == set(phase.item_ids):
            message = f"{unknown[0]!r} is no item of its truth." if unknown else "every item is public."
            reader.fault("bad_value", (*here, "split", "items"), message, "Name some of the truth's item ids.")
    return phase


def _check_phases(reader: Reader, given: CompetitionIn, order: list[int], phases: list[PhaseBundle]) -> None:
    """What phases say of one another: own names, gates without circles, carried from an earlier one."""
    slugs = [phase.values["slug"] for phase in phases]
    for index, (place, phase) in enumerate(zip(order, phases, strict=True)):
        here, slug = ("phases", place), slugs[index]
        if slug in slugs[:index]:
            reader.fault("duplicate_phase", here, f"two phases are called {slug!r}.", "Rename one.")
        if given.phases[place].auto_migrate_to_this_phase and phase.carry_from is None:
            if index == 0:
                message = "there is no phase before the first one."
                reader.fault("bad_value", (*here, "auto_migrate_to_this_phase"), message, "Leave it out here.")
            else:
                phase.carry_from = slugs[index - 1]
        for key in ("gate", "carry_from"):
            other = getattr(phase, key)
            if other is not None and other not in slugs[:index]:
                message = f"{other!r} is no phase before this one."
                reader.fault("unknown_phase", (*here, key), message, "Name an earlier phase by its slug.")


def _task(reader: Reader, phase: PhaseBundle, place: int, task: TaskIn) -> None:
    here = ("tasks", place)
    phase.values["show_items"] = task.show_items
    try:
        plan = load(task.scorer)
        phase.values["plan"] = plan.model_dump(mode="json")
        judges.require(plan)
    except PlanInvalid as error:
        for problem in error.problems:
            reader.fault("plan_invalid", (*here, "scorer", *problem.path.split(".")), problem.message, problem.fix)
    except JudgeNotConfigured as error:
        reader.fault(error.code, (*here, "scorer"), str(error), error.fix)
    if task.reference_data is None:
        return
    found = reader.single((*here, "reference_data"), task.reference_data)
    if found is None:
        return
    try:
        phase.truth, phase.item_ids = canonical_truth(*found)
    except Invalid as error:
        reader.findings += [finding.as_dict() for finding in error.findings]


def canonical_truth(content: bytes, name: str) -> tuple[bytes, list[str]]:
    """A truth file in our one form, and its ids. Raises the core's Invalid."""
    references = read_references(content, name)
    if not references:
        raise Invalid(Findings())
    return write_references(references), sorted(reference.item_id for reference in references)
