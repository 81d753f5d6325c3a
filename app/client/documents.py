"""What the server answers and `--json` prints, as types: for people who program with `palmares.Client`, and for the
published JSON Schemas.

Decision: typed dictionaries, not models. They cost nothing at run time, and what a newer server adds is neither refused
nor lost. Pydantic makes docs/schemas of them, and tests hold those to what a real server and the command say.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

State = Literal["queued", "validating", "invalid", "ready", "scoring", "scored", "failed", "cancelled"]
Interval = tuple[float, float]


class Finding(TypedDict):
    """A fault of a file: a stable code, where it is, and how to mend it."""

    code: str
    message: str
    file: str | None
    line: int | None
    item_id: str | None
    fix: str


class Validation(TypedDict):
    """Every fault of a file at once; missing pairs are warnings."""

    version: int
    valid: bool
    findings: list[Finding]
    findings_total: int
    warnings: list[Finding]


class Score(TypedDict):
    """A value and its 95 % interval."""

    value: float
    ci95: NotRequired[Interval | None]


class Rank(TypedDict):
    """A place on the board, null for a baseline; `counts`: false where another entry of yours counts."""

    rank: int | None
    of: int
    counts: bool


class Queue(TypedDict):
    """The place in the queue."""

    position: int
    of: int


class File(TypedDict):
    """The file as it was sent."""

    name: str
    size: int
    sha256: str


class Stamps(TypedDict):
    """When each state was entered, UTC."""

    queued_at: str
    validating_at: str | None
    ready_at: str | None
    scoring_at: str | None
    finished_at: str | None


class Mark(TypedDict):
    """What was said about a submission later."""

    chosen_at: str | None
    withdrawn_at: str | None
    disqualified_at: str | None
    reason: str


class Judged(TypedDict):
    """One of several judgements of a submission."""

    version: int
    state: str
    final: float | None
    effective_at: str
    truth_version: int
    reason: str


class Use(TypedDict):
    """Used and left of one kind of limit; null: no limit."""

    limit: int | None
    used: int
    left: int | None


class WindowUse(Use):
    """Of a UTC day (`window` is `day`) or of the last 24 hours (`rolling`)."""

    window: str
    resets_at: str | None


class Limits(TypedDict):
    """What is left, and when the next submission is possible."""

    per_day: WindowUse
    total: Use
    concurrent: Use
    invalid: WindowUse
    team: str | None
    can_submit: bool
    reason: dict[str, str] | None
    next_possible_at: str | None


class PhaseLimits(Limits):
    """The limits of a phase."""

    competition: str
    phase: str


class Below(TypedDict):
    """A score below its `--fail-under`."""

    key: str
    value: float
    threshold: float


class Submission(TypedDict):
    """A submission: its state, and what came of it. `limits` only when it is sent."""

    ref: str
    competition: str
    phase: str
    participant: str
    message: str
    state: State
    created_at: str
    file: File
    stamps: Stamps
    attempt: int
    queue: Queue | None
    findings: list[Finding]
    findings_total: int
    warnings: list[Finding]
    problem: dict[str, Any] | None
    scores: dict[str, Score] | None
    rank: Rank | None
    mark: Mark | None
    history: list[Judged]
    signature: str | None
    links: dict[str, str]
    limits: NotRequired[Limits | None]


class Sent(Submission):
    """A submission as `submit` and `watch` end; `below` with `--fail-under`."""

    below: NotRequired[list[Below]]


class Submissions(TypedDict):
    """Your submissions, newest first."""

    items: list[Submission]


class Explained(TypedDict):
    """Why a submission has its score; `items` is null where the phase shows none."""

    ref: str
    state: State
    scores: dict[str, Score] | None
    items: list[dict[str, Any]] | None


class Phase(TypedDict):
    """A phase of a competition; null limits: none."""

    slug: str
    name: str
    index: int
    description: str
    status: Literal["upcoming", "open", "closed"]
    starts_at: str
    ends_at: str | None
    max_submissions_per_day: int | None
    max_submissions: int | None
    limit_window: str
    max_concurrent: int | None
    max_invalid_per_day: int | None
    paused: bool
    accept_late: bool
    gate: str | None
    carry_from: str | None
    carried_at: str | None
    freeze_hours: int | None
    frozen_at: str | None
    publish: str
    published_at: str | None
    board: dict[str, Any]
    split: bool
    show_items: bool
    n_items: int
    truth_version: int | None
    scoring: dict[str, Any]
    starting_kit: str | None
    public_data: str | None


class Phases(TypedDict):
    """A competition's phases."""

    competition: str
    items: list[Phase]


class Competition(TypedDict):
    """A competition as lists show it; `joined` is your own participation."""

    slug: str
    title: str
    description: str
    status: str
    organizer: str
    participants: int
    joined: str | None
    phases: list[Phase]


class CompetitionDetail(Competition):
    """A competition with its pages (Markdown) and terms."""

    version: int
    registration_auto_approve: bool
    contact_email: str
    reward: str
    image: str | None
    anonymous: bool
    team_size: int
    overall: dict[str, Any] | None
    terms: str
    terms_version: int
    terms_accepted: bool
    pages: list[dict[str, str]]


class Competitions(TypedDict):
    """The competitions that you can see."""

    items: list[Competition]


class Joined(TypedDict):
    """A participation: approved, pending, denied or banned, and why."""

    competition: str
    status: str
    reason: str


class Report(TypedDict):
    """All scores, with intervals and by category; more by the plan's metrics, such as `explanation.claims`."""

    version: int
    plan: str
    note: NotRequired[str]
    final: Score
    accuracy: Score
    explanation: NotRequired[Score]
    categories: dict[str, dict[str, Any]]
    n_items: int
    n_missing: int
    seed: int
    signature: str


class Delta(TypedDict):
    """By how much A is better than B."""

    a: float
    b: float
    difference: float
    ci95: Interval
    p_value: float


class Category(TypedDict):
    """The difference on one category; `p_holm` is corrected for there being several."""

    n_items: int
    p_holm: float
    scores: dict[str, Delta]


class Comparison(TypedDict):
    """Two submissions side by side; counts and ids only where you may see them."""

    version: int
    competition: NotRequired[str]
    phase: NotRequired[str]
    a: str
    b: str
    separable: bool
    scores: dict[str, Delta]
    categories: dict[str, Category]
    n_items: int
    trials: int
    seed: int
    items: NotRequired[dict[str, int]]
    choice: NotRequired[dict[str, int]]
    item_ids: NotRequired[dict[str, list[str]]]
