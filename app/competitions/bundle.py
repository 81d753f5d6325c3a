"""A competition bundle (CodaBench v2 schema, plus our `slug` and `scorer`): zip bytes -> values, or all findings.

Decision: keys of CodaBench's schema that Palmares has no use for yet are accepted without effect (docs/organizers.md
lists those that count), so that an existing bundle needs few changes. Nothing here touches the database.
"""

import io
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.competitions import judges
from app.competitions.errors import BundleInvalid
from app.scoring.archive import members
from app.scoring.entailment import JudgeNotConfigured
from app.scoring.findings import Findings, Invalid
from app.scoring.limits import Limits
from app.scoring.plan import PlanInvalid, load
from app.scoring.reading import read_references, write_references
from app.settings import settings

NAME = "competition.yaml"
MOST_YAML_BYTES = 256 * 1024
MOST_ALIASES = 100
SLUG = r"^[a-z0-9][a-z0-9-]{0,62}[a-z0-9]$"


def slugify(text: str) -> str:
    """A title as a slug: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].strip("-")


def _moment(value: Any) -> Any:
    """YAML dates mean midnight; times without a zone mean UTC, as CodaBench reads them."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("is not a date such as 2026-01-15 or 2026-01-15T12:00:00Z") from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class PageIn(_Part):
    """A Markdown page."""

    title: str = Field(max_length=200)
    file: str


class TaskIn(_Part):
    """Against what (`reference_data`) and how (`scorer`) a submission is judged."""

    index: int
    name: str = ""
    reference_data: str
    scorer: dict[str, Any]
    show_items: bool = False


class PhaseIn(_Part):
    """A phase; 0 or null means no limit."""

    index: int = 0
    slug: str | None = Field(None, pattern=SLUG)
    name: str = Field(min_length=1, max_length=200)
    description: str = ""
    start: Moment
    end: Moment | None = None
    tasks: list[int] = Field(min_length=1, max_length=1)
    max_submissions_per_day: int | None = Field(5, ge=0)
    max_submissions: int | None = Field(100, ge=0)
    starting_kit: str | None = None
    public_data: str | None = None


class CompetitionIn(_Part):
    """The root of competition.yaml."""

    version: Literal[2, "2"]
    slug: str | None = Field(None, pattern=SLUG)
    title: str = Field(min_length=1, max_length=200)
    description: str = ""
    terms: str
    registration_auto_approve: bool = False
    pages: list[PageIn] = Field(min_length=1)
    tasks: list[TaskIn] = Field(min_length=1)
    phases: list[PhaseIn] = Field(min_length=1)


@dataclass
class PhaseBundle:
    """A phase's values, its canonical truth (bytes, ids) and its files as zips."""

    values: dict[str, Any]
    truth: bytes = b""
    item_ids: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Bundle:
    """A whole competition, ready to be applied."""

    values: dict[str, Any]
    phases: list[PhaseBundle]


class _Reader:
    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.findings: list[dict[str, Any]] = []
        self.root: yaml.Node | None = None

    def fault(self, code: str, path: tuple[Any, ...], message: str, fix: str) -> None:
        """Note a fault at a place in competition.yaml."""
        where = ".".join(str(step) for step in path)
        self.findings.append(
            {"code": code, "message": f"{where}: {message}" if where else message, "file": NAME,
             "line": self._line(path), "item_id": None, "fix": fix}
        )  # fmt: skip

    def _line(self, path: tuple[Any, ...]) -> int | None:
        node, line = self.root, None
        for step in path:
            if isinstance(node, yaml.MappingNode):
                pairs = {key.value: (key, value) for key, value in node.value}
                if str(step) not in pairs:
                    break
                key, node = pairs[str(step)]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
        return line

    def refuse(self) -> BundleInvalid:
        """All findings as one fault."""
        total = len(self.findings)
        return BundleInvalid(
            f"{total} finding{'s' if total != 1 else ''}: {self.findings[0]['message']}",
            findings=self.findings[:100],
            findings_total=total,
        )

    def document(self) -> CompetitionIn:
        """competition.yaml as values. Raises BundleInvalid with every field that does not fit."""
        text = self.files.get(NAME)
        if text is None:
            self.fault("missing_file", (), f"there is no {NAME} at the root of the bundle.", "Put it at the root.")
            raise self.refuse()
        try:
            if len(text) > MOST_YAML_BYTES:
                raise yaml.YAMLError("it is larger than 256 KiB")
            decoded = text.decode("utf-8-sig")
            if sum(isinstance(event, yaml.AliasEvent) for event in yaml.parse(decoded)) > MOST_ALIASES:
                raise yaml.YAMLError(f"it has more than {MOST_ALIASES} aliases")
            self.root = yaml.compose(decoded, Loader=yaml.SafeLoader)
            return CompetitionIn.model_validate(yaml.safe_load(decoded))
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
            if isinstance(error, ValidationError):
                for one in error.errors():
                    self.fault("bad_value", one["loc"], one["msg"], "See docs/organizers.md for this field.")
            else:
                self.fault("bad_yaml", (), " ".join(str(error).split()), "Mend the YAML.")
            raise self.refuse() from error

    def text(self, path: tuple[Any, ...], name: str) -> str:
        """A text file of the bundle."""
        try:
            return self.files[_clean(name)].decode("utf-8-sig")
        except KeyError:
            self.fault("missing_file", path, f"the bundle holds no file {name!r}.", "Add it, or correct the path.")
        except UnicodeDecodeError:
            self.fault("not_utf8", path, f"{name!r} is not UTF-8.", "Save it as UTF-8.")
        return ""

    def folder(self, path: tuple[Any, ...], name: str | None) -> bytes | None:
        """A folder or file of the bundle as a zip with fixed times, None where none is named."""
        if name is None:
            return None
        prefix = _clean(name)
        found = {key: content for key, content in self.files.items() if key == prefix or key.startswith(prefix + "/")}
        if not found:
            self.fault("missing_file", path, f"the bundle holds no folder {name!r}.", "Add it, or correct the path.")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for key in sorted(found):
                inside = key.removeprefix(prefix + "/") if key != prefix else prefix.rpartition("/")[2]
                archive.writestr(zipfile.ZipInfo(inside), found[key], zipfile.ZIP_DEFLATED)
        return packed.getvalue()


def _clean(name: str) -> str:
    return name.removeprefix("./").rstrip("/")


def limits() -> Limits:
    """How large a bundle may be."""
    return Limits(upload_bytes=settings().bundle_bytes, unpacked_bytes=settings().unpacked_bytes, entries=2000)


def read_bundle(packed: bytes) -> Bundle:
    """A bundle's zip as values. Raises BundleInvalid with all findings."""
    try:
        files = members(io.BytesIO(packed), limits())
    except Invalid as error:
        found = [finding.as_dict() for finding in error.findings]
        raise BundleInvalid(found[0]["message"], findings=found, findings_total=error.total) from error
    reader = _Reader(files)
    given = reader.document()
    values = {
        "slug": given.slug or slugify(given.title),
        "title": given.title,
        "description": given.description,
        "registration_auto_approve": given.registration_auto_approve,
        "terms": reader.text(("terms",), given.terms),
        "pages": [
            {"title": page.title, "content": reader.text(("pages", place, "file"), page.file)}
            for place, page in enumerate(given.pages)
        ],
    }
    tasks = {task.index: (place, task) for place, task in enumerate(given.tasks)}
    phases = [_phase(reader, place, phase, tasks) for place, phase in enumerate(given.phases)]
    slugs = [phase.values["slug"] for phase in phases]
    for place, slug in enumerate(slugs):
        if slug in slugs[:place]:
            reader.fault("duplicate_phase", ("phases", place), f"two phases are called {slug!r}.", "Rename one.")
    if reader.findings:
        raise reader.refuse()
    return Bundle(values, phases)


def _phase(reader: _Reader, place: int, given: PhaseIn, tasks: dict[int, tuple[int, TaskIn]]) -> PhaseBundle:
    here = ("phases", place)
    values: dict[str, Any] = {
        "slug": given.slug or slugify(given.name),
        "name": given.name,
        "index": place,
        "description": given.description,
        "starts_at": given.start,
        "ends_at": given.end,
        "max_submissions_per_day": given.max_submissions_per_day or None,
        "max_submissions": given.max_submissions or None,
    }
    phase = PhaseBundle(values)
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
    return phase


def _task(reader: _Reader, phase: PhaseBundle, place: int, task: TaskIn) -> None:
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
    name = _clean(task.reference_data)
    content = reader.files.get(name)
    if content is None:
        reader.fault("missing_file", (*here, "reference_data"), f"the bundle holds no file {name!r}.", "Add it.")
        return
    try:
        phase.truth, phase.item_ids = canonical_truth(content, name)
    except Invalid as error:
        reader.findings += [finding.as_dict() for finding in error.findings]


def canonical_truth(content: bytes, name: str) -> tuple[bytes, list[str]]:
    """A truth file in our one form, and its ids. Raises the core's Invalid."""
    references = read_references(content, name)
    if not references:
        raise Invalid(Findings())
    return write_references(references), sorted(reference.item_id for reference in references)
