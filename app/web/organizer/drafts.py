"""A competition as a draft: its bundle without the truth, changed by a form, a text or files, and packed again.

Decision: the editor works on the bundle, because the bundle holds every setting, applies to the same competition, says
in a dry run what it would change, and is refused with a place for every fault. So what a page can change is what a
bundle can say, and there is no second way into the same tables. Cost: a save carries all of it, and demands that the
competition is still the version that the draft was made from.
"""

import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from app.accounts.service import Principal
from app.competitions import routes as competitions
from app.competitions.bundle import MOST_IMAGE_BYTES, limits
from app.competitions.bundle_reader import NAME, packed
from app.competitions.bundle_schema import CompetitionIn, PhaseIn, TaskIn
from app.errors import Refused
from app.scoring.archive import members
from app.scoring.findings import Invalid
from app.settings import settings
from app.web.organizer import fields
from app.web.organizer.frame import FormData, text, upload

GENERAL = (
    "title", "description", "contact_email", "reward", "registration_auto_approve", "allowed_emails", "anonymous",
    "team_size", "overall",
)  # fmt: skip
PHASE = (
    "name", "description", "start", "end", "max_submissions_per_day", "max_submissions", "limit_window",
    "max_concurrent", "max_invalid_per_day", "paused", "accept_late", "gate", "carry_from", "freeze_hours", "publish",
    "board", "split",
)  # fmt: skip
NEW_PHASE = ("name", "slug", "start", "end")
TASK = ("scorer", "show_items")
KITS = ("starting_kit", "public_data")
SHOWN_LINES = 400
"""So many lines of a file's changes are shown."""


@dataclass
class Draft:
    """The bundle's `document` (competition.yaml as values) and its other files, made from a version."""

    version: int
    document: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def yaml(self) -> str:
        """competition.yaml as text."""
        return yaml.safe_dump(self.document, sort_keys=False, allow_unicode=True, width=120)

    def packed(self) -> bytes:
        """The bundle as a zip."""
        return packed(self.files | {NAME: self.yaml.encode()})

    def words(self, name: str) -> str:
        """A text file of the draft, empty where it is none."""
        return self.files.get(name, b"").decode(errors="replace")


def draft_of(who: Principal, slug: str) -> Draft:
    """The competition as it is now. Raises CompetitionNotFound, Denied."""
    version, content = competitions.draft_of(who, slug)
    return unpacked(content, version)


def unpacked(content: bytes, version: int) -> Draft:
    """A bundle as a draft. Raises Refused where it is none that can be read."""
    try:
        files = members(io.BytesIO(content), limits())
        document = yaml.safe_load(files.pop(NAME, b"").decode("utf-8-sig"))
    except (Invalid, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"The bundle cannot be read: {' '.join(str(error).split())[:300]}", field="bundle") from error
    if not isinstance(document, dict):
        raise Refused(f"There is no {NAME} in the bundle.", field="bundle")
    # Each phase has a board of its own: what it says for all would only repeat the first one's.
    document.pop("leaderboards", None)
    return Draft(version, document, files)


def general_of(draft: Draft) -> list[fields.Widget]:
    """The fields of the competition itself."""
    return fields.widgets(CompetitionIn, GENERAL, draft.document)


def phases_of(draft: Draft) -> dict[str, list[fields.Widget]]:
    """The fields of each phase and its task, by the phase's slug."""
    found, phases = {}, draft.document["phases"]
    for place, phase in enumerate(phases):
        others = [one["slug"] for one in phases if one is not phase]
        names = {"gate": others, "carry_from": [one["slug"] for one in phases[:place]]}
        mine = f"phase-{phase['slug']}-"
        found[phase["slug"]] = [
            *fields.widgets(PhaseIn, PHASE, phase, mine, names),
            *fields.widgets(TaskIn, TASK, task_of(draft, phase), mine),
        ]
    return found


def task_of(draft: Draft, phase: dict[str, Any]) -> dict[str, Any]:
    """The task of a phase."""
    found: dict[str, Any] = next(one for one in draft.document["tasks"] if one["index"] == phase["tasks"][0])
    return found


def fill(draft: Draft, given: FormData) -> None:
    """Change the draft by the form of settings. Raises Refused."""
    if "terms" in given:
        draft.files[draft.document["terms"]] = text(given, "terms").encode()
    general, phases = general_of(draft), phases_of(draft)
    draft.document |= fields.changed(general, given)
    _pages(draft, given)
    _image(draft, given)
    for phase in list(draft.document["phases"]):
        mine = f"phase-{phase['slug']}-"
        if text(given, mine + "gone") == "yes":
            draft.document["phases"].remove(phase)
            draft.document["tasks"].remove(task_of(draft, phase))
            continue
        changes = fields.changed(phases[phase["slug"]], given)
        task_of(draft, phase).update({key: changes.pop(key) for key in TASK if key in changes})
        phase.update(changes)
        for kit in KITS:
            _kit(draft, phase, kit, given, mine)
    _new_phase(draft, given)


def _pages(draft: Draft, given: FormData) -> None:
    pages = []
    for place, page in enumerate(draft.document["pages"]):
        mine = f"page-{place}-"
        if text(given, mine + "gone") == "yes":
            continue
        if mine + "title" in given:
            page["title"] = text(given, mine + "title").strip()
            draft.files[page["file"]] = text(given, mine + "content").encode()
        pages.append(page)
    title = text(given, "page-new-title").strip()
    if title:
        name = next(f"pages/new-{n}.md" for n in range(10_000) if f"pages/new-{n}.md" not in draft.files)
        draft.files[name] = text(given, "page-new-content").encode()
        pages.append({"title": title, "file": name})
    draft.document["pages"] = pages


def _image(draft: Draft, given: FormData) -> None:
    found = upload(given, "image", MOST_IMAGE_BYTES)
    if found is not None:
        draft.document["image"] = "logo"
        draft.files["logo"] = found[0]
    elif text(given, "image-gone") == "yes":
        draft.document.pop("image", None)


def _kit(draft: Draft, phase: dict[str, Any], kit: str, given: FormData, mine: str) -> None:
    found = upload(given, mine + kit, settings().bundle_bytes)
    if found is None:
        if text(given, f"{mine}{kit}-gone") == "yes":
            phase.pop(kit, None)
        return
    folder = f"{kit}/{phase['slug']}"
    draft.files = {name: content for name, content in draft.files.items() if not name.startswith(f"{folder}/")}
    try:
        draft.files |= {f"{folder}/{name}": one for name, one in members(io.BytesIO(found[0]), limits()).items()}
    except Invalid as error:
        raise Refused(f"{found[1]}: {error.findings[0].message}", field=kit) from error
    phase[kit] = folder


def _new_phase(draft: Draft, given: FormData) -> None:
    """A further phase with the scoring plan of the last one; its truth comes later."""
    new = fields.widgets(PhaseIn, NEW_PHASE, {}, "new-")
    changes = fields.changed(new, given)
    if not changes.get("name"):
        return
    last = draft.document["phases"][-1]
    index = 1 + max(one["index"] for one in (*draft.document["phases"], *draft.document["tasks"]))
    draft.document["tasks"].append({"index": index, "name": changes["name"], "scorer": task_of(draft, last)["scorer"]})
    draft.document["phases"].append({"index": index, **changes, "tasks": [index]})


def differences(old: Draft, new: Draft) -> list[tuple[str, list[tuple[str, str]]]]:
    """What differs in each file: its name, and its lines as (`ins`, `del` or empty; text)."""
    before, after = ({**one.files, NAME: one.yaml.encode()} for one in (old, new))
    found = []
    for name in sorted(before.keys() | after.keys(), key=lambda name: (name != NAME, name)):
        one, two = before.get(name, b""), after.get(name, b"")
        if one != two:
            found.append((name, list(_lines(one, two))))
    return found


def _lines(one: bytes, two: bytes) -> Iterator[tuple[str, str]]:
    try:
        texts = [content.decode() for content in (one, two)]
    except UnicodeDecodeError:
        yield "", f"{len(one)} → {len(two)} bytes"
        return
    marks = {"+": "ins", "-": "del"}
    lines = difflib.unified_diff(texts[0].splitlines(), texts[1].splitlines(), lineterm="", n=2)
    for number, line in enumerate(lines):
        if number >= SHOWN_LINES:
            yield "", "…"
            return
        if number > 1:  # the first two repeat the name
            yield marks.get(line[:1], ""), line
