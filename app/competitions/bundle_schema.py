"""competition.yaml as values: CodaBench's schema, version 2, with our own keys, and what of it Palmares does not do.

Decision: every key of CodaBench's schema is either honoured, or has a sentence here that says why not; a key that
nobody knows is named too. These are notes and no faults, so that an existing bundle needs few changes, and nobody finds
out in the middle of a challenge that a setting never had effect. A value that asks for what happens anyway is silent.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from app.competitions.rules import BoardRule, Overall, Split

SLUG = r"^[a-z0-9][a-z0-9-]{0,62}[a-z0-9]$"


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
Count = Annotated[int | None, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow")


class PageIn(_Part):
    """A Markdown page."""

    title: str = Field(max_length=200)
    file: str


class TaskIn(_Part):
    """Against what (`reference_data`) and how (`scorer`) a submission is judged; without truth it comes later."""

    index: int
    name: str = ""
    reference_data: str | None = None
    scorer: dict[str, Any] = Field(
        title="Scoring plan",
        description="How a submission is scored: a preset's `name`, and the `weights` of its metrics, which sum to 1. "
        "Once there are submissions, it changes by judging anew.",
    )
    show_items: bool = Field(
        False, title="Show values per item", description="Participants see each item's score. It tells about the truth."
    )


def _distinct(columns: list["ColumnIn"]) -> list["ColumnIn"]:
    """A column is named by its key and by its index."""
    for name in ("index", "key"):
        values = [getattr(column, name) for column in columns]
        twice = next((value for value in values if values.count(value) > 1), None)
        if twice is not None:
            raise ValueError(f"two columns have the {name} {twice!r}.")
    return columns


class ColumnIn(_Part):
    """A column of the board: `key` is a score of the report, or a new name with a `computation`."""

    index: int
    key: str
    title: str = ""
    sorting: Literal["asc", "desc"] = "desc"
    precision: int = Field(2, ge=0, le=10)
    hidden: bool = False
    computation: Literal["avg", "sum", "min", "max"] | None = None
    computation_indexes: list[int] | None = None


class LeaderboardIn(_Part):
    """How the boards of all phases rank; a phase's own `board` goes before it."""

    title: str = ""
    key: str = ""
    columns: Annotated[list[ColumnIn], Field(min_length=1), AfterValidator(_distinct)]
    submission_rule: Literal[
        "Add", "Add_And_Delete", "Add_And_Delete_Multiple", "Force_Last", "Force_Latest_Multiple", "Force_Best"
    ] = "Add"
    hidden: bool = False
    primary_index: int = 0


class PhaseIn(_Part):
    """A phase; 0 or null means no limit."""

    index: int = 0
    slug: str | None = Field(
        None, pattern=SLUG, title="Name in addresses", description="Lower-case letters, digits and hyphens."
    )
    name: str = Field(min_length=1, max_length=200, title="Name", description="Shown above the board.")
    description: str = Field("", title="Description", description="A sentence or two about what this phase is for.")
    start: Moment = Field(title="Opens", description="From this moment on submissions are taken (UTC).")
    end: Moment | None = Field(
        None, title="Closes", description="From this moment on none are taken any more (UTC). Empty: it stays open."
    )
    tasks: list[int] = Field(min_length=1, max_length=1)
    max_submissions_per_day: Count = Field(
        5,
        title="Submissions per day",
        description="Of one participant or team; invalid ones do not count. 0: no limit.",
    )
    max_submissions: Count = Field(
        100, title="Submissions in the phase", description="Of one participant or team in all. 0: no limit."
    )
    limit_window: Literal["day", "rolling"] = Field(
        "day", title="What a day is", description="`day`: the UTC day; `rolling`: the last 24 hours."
    )
    max_concurrent: Count = Field(
        None, title="Waiting at a time", description="So many of one participant may wait for a score. Empty: no limit."
    )
    max_invalid_per_day: Count = Field(
        None, title="Invalid ones per day", description="After so many, files must wait. Empty: the operator's limit."
    )
    paused: bool = Field(
        False, title="Paused", description="Nothing is taken for now; what was sent goes on being judged."
    )
    accept_late: bool = Field(
        False, title="Take late ones", description="After the end, submissions go on a board of their own."
    )
    gate: str | None = Field(
        None, title="Comes after", description="Only who has a score in that phase may submit to this one."
    )
    carry_from: str | None = Field(
        None,
        title="Carry over from",
        description="The counting submissions of that phase are sent to this one at start.",
    )
    auto_migrate_to_this_phase: bool = False
    freeze_hours: Count = Field(
        None,
        title="Freeze before the end (hours)",
        description="The public board stands still in the last so many hours.",
    )
    frozen_at: Moment | None = None
    publish: Literal["end", "manual"] = Field(
        "end", title="Publish", description="What is frozen, hidden or anonymous is shown: at the end, or by hand."
    )
    board: BoardRule | None = Field(
        None,
        title="Board",
        description="What counts (`counting`: best, latest, choice, all) and by what it ranks (`by`).",
    )
    split: Split | None = Field(
        None,
        title="Public items",
        description="A `share` or list of `items` that decide the board while the phase runs.",
    )
    starting_kit: str | None = None
    public_data: str | None = None


class CompetitionIn(_Part):
    """The root of competition.yaml."""

    version: Literal[2, "2"]
    slug: str | None = Field(
        None, pattern=SLUG, title="Name in addresses", description="Lower-case letters, digits and hyphens."
    )
    title: str = Field(min_length=1, max_length=200, title="Title", description="At the top of every page.")
    description: str = Field("", title="Description", description="One or two sentences, for lists too.")
    image: str | None = None
    terms: str
    registration_auto_approve: bool = Field(
        False, title="Everybody may join", description="Off: you approve each participant by hand."
    )
    allowed_emails: list[Annotated[str, Field(pattern=r"^[^@\s]*@[^@\s]+$", max_length=254)]] = Field(
        [], title="Allowed e-mail addresses", description="One a line, or domains (`@example.org`). Empty: all."
    )
    contact_email: str = Field(
        "", max_length=254, title="Contact", description="An e-mail address that participants may write to."
    )
    reward: str | None = Field(
        None, max_length=500, title="Reward", description="What the winner gets, in a few words."
    )
    anonymous: bool = Field(False, title="Hide names", description="No names on the boards until a phase is published.")
    team_size: int = Field(
        1, ge=1, le=100, title="Largest team", description="Participants who may compete as one. 1: no teams."
    )
    overall: Overall | None = Field(
        None,
        title="Board over all phases",
        description="The mean of the phases' `key`, or a sum by `weights`. Empty: none.",
    )
    pages: list[PageIn] = Field(min_length=1)
    tasks: list[TaskIn] = Field(min_length=1)
    phases: list[PhaseIn] = Field(min_length=1)
    leaderboards: list[LeaderboardIn] = []


def _given(value: Any) -> bool:
    return bool(value)


def _off(value: Any) -> bool:
    return value in (False, None)


Note = tuple[Callable[[Any], bool], str]
_NO_PROGRAM: Note = (_given, "the choice and the explanation are judged by Palmares' own scorer, no program is run.")
_PRIVATE: Note = (_given, "submissions are seen by their senders and the organizers alone.")
_SILENT: Note = (lambda _: False, "")

NOT_DONE: dict[type[BaseModel], dict[str, Note]] = {
    CompetitionIn: {
        "docker_image": _NO_PROGRAM,
        "queue": (_given, "all competitions share this server's workers."),
        "enable_detailed_results": (_given, "there is no page of a scoring program; see `show_items` of a task."),
        "show_detailed_results_in_submission_panel": _SILENT,
        "show_detailed_results_in_leaderboard": _SILENT,
        "auto_run_submissions": (
            _off,
            "every submission is judged at once; pause a phase (`paused`) to hold new ones.",
        ),
        "can_participants_make_submissions_public": _PRIVATE,
        "make_programs_available": _NO_PROGRAM,
        "make_input_data_available": (_given, "offer data as a phase's `public_data`."),
        "competition_type": _SILENT,
        "fact_sheet": (_given, "there are no questionnaires; ask in the submission's message."),
        "forum_enabled": (_given, "there is no forum; announcements reach everybody."),
        "solutions": (_given, "sample submissions are not kept; offer them in the `starting_kit`."),
        "is_public": _SILENT,
    },
    TaskIn: {
        "key": (_given, "a task belongs to its competition, and is written out in its bundle."),
        "description": _SILENT,
        "scoring_program": _NO_PROGRAM,
        "ingestion_program": _NO_PROGRAM,
        "input_data": (_given, "offer data as a phase's `public_data`."),
        "ingestion_only_during_scoring": _NO_PROGRAM,
        "is_public": (_given, "a task belongs to its competition."),
    },
    PhaseIn: {
        "execution_time_limit": (lambda value: value not in (None, 600), "the operator sets one limit for all."),
        "hide_output": _SILENT,
        "hide_prediction_output": _SILENT,
        "hide_score_output": (_given, "scores are told to their sender; `show_items` and `split` say which."),
        "accepts_only_result_submissions": _SILENT,
        "is_final_phase": _SILENT,
        "solutions": (_given, "sample submissions are not kept; offer them in the `starting_kit`."),
    },
    LeaderboardIn: {"index": _SILENT},
    ColumnIn: {},
    PageIn: {"index": _SILENT},
}
"""By part of the bundle: keys of CodaBench's schema without effect, when that is worth a note, and why."""
