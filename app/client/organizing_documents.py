"""Documents about accounts, teams and what organizers do; see `documents`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class Error(TypedDict):
    """A failure: a stable code (`palmares` and server alike), a sentence, how to mend it, and more by kind."""

    code: str
    detail: str
    fix: str
    status: int


class Failure(TypedDict):
    """What any command with `--json` prints where it fails."""

    error: Error
    exit_code: int


class Token(TypedDict):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str
    last_used_at: str | None
    competition: str | None


class TokenMade(Token):
    """A new token with its secret, told this once."""

    token: str


class Tokens(TypedDict):
    """Your tokens."""

    items: list[Token]


class Taking(TypedDict):
    """Your part in a competition."""

    competition: str
    status: str
    reason: str
    baseline: bool
    terms_accepted: bool


class Me(TypedDict):
    """Who you are, and by which token."""

    username: str
    email: str
    email_verified: bool
    role: str
    created_at: str
    token: NotRequired[Token | None]
    participations: NotRequired[list[Taking]]


class Here(Me):
    """Who you are, and where."""

    url: str
    token_from_environment: NotRequired[bool]


class Invitation(TypedDict):
    """An invitation into a team: open, accepted, declined or withdrawn."""

    ref: str
    competition: str
    team: str
    team_name: str
    participant: str
    state: str
    created_at: str


class Invitations(TypedDict):
    """Your open invitations."""

    items: list[Invitation]


class Team(TypedDict):
    """A team; only its members see its open invitations."""

    ref: str
    name: str
    lead: str
    members: list[str]
    created_at: str
    mine: bool
    invitations: list[Invitation]


class Teams(TypedDict):
    """The teams of a competition."""

    competition: str
    items: list[Team]


class TeamDone(TypedDict):
    """What was done to a team."""

    team: str
    name: str
    done: str


class Change(TypedDict):
    """A setting that changed."""

    path: str
    old: Any
    new: Any


class Changed(TypedDict):
    """What changed of a competition or a phase, and the version that it made."""

    slug: str
    changes: list[Change]
    competition_version: int


class Applied(TypedDict):
    """What a bundle changed, or would change; `notes` name its keys without effect."""

    slug: str
    created: bool
    dry_run: bool
    changes: list[Change]
    notes: list[dict[str, Any]]


class Carried(TypedDict):
    """How many submissions were carried into the phase; `pending` ones are still being judged."""

    competition: str
    phase: str
    carried: int
    pending: int


class Announcement(TypedDict):
    """An announcement; `body` is Markdown."""

    ref: str
    title: str
    body: str
    author: str
    created_at: str
    edited_at: str | None


class AnnouncementMade(Announcement):
    """A new announcement, and to how many it is mailed."""

    mails: int


class Announcements(TypedDict):
    """A competition's announcements, newest first."""

    competition: str
    items: list[Announcement]


class Participant(TypedDict):
    """Who takes part, for organizers."""

    username: str
    status: str
    reason: str
    baseline: bool
    terms_version: int
    joined_at: str


class Participants(TypedDict):
    """Participants of a competition."""

    competition: str
    items: list[Participant]


class Organizer(TypedDict):
    """Somebody who organizes a competition; one of them owns it."""

    username: str
    owner: bool


class Organizers(TypedDict):
    """A competition's organizers, the owner first."""

    competition: str
    items: list[Organizer]


class Act(TypedDict):
    """A row of the audit log."""

    at: str
    actor: str
    token: str | None
    request_id: str | None
    competition: str
    action: str
    target: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Audit(TypedDict):
    """Acts of organizers, newest first."""

    competition: str
    items: list[Act]


class Moves(TypedDict):
    """Who moves on a board by a re-scoring."""

    version: int
    rescore: str
    state: str
    complete: bool
    board: str
    key: str
    entries: int
    changed: int
    moved: int
    moves: list[dict[str, Any]]
    items: list[dict[str, Any]]


class Rescore(TypedDict):
    """A re-scoring: how far it is and, unless it was cancelled, who moves."""

    ref: str
    competition: str
    phase: str
    state: str
    reason: str
    truth_version: int
    plan: dict[str, Any]
    total: int
    done: int
    failed: int
    remaining: int
    kept: list[str]
    created_at: str
    ends_at: str | None
    ended_at: str | None
    moves: Moves | None


class Truth(TypedDict):
    """A version of a phase's ground truth, without its content."""

    n_items: int
    sha256: str
    created_at: str
    current: bool
    argues_against: list[str]


class TruthPut(Truth):
    """The version that was put."""

    truth_version: int


class TruthVersion(Truth):
    """A version in the list."""

    version: int


class Truths(TypedDict):
    """The versions of a phase's ground truth, newest first."""

    items: list[TruthVersion]


class ClaimRow(TypedDict):
    """A claim of a reference, for correcting."""

    item_id: str
    claim: int
    direction: str
    answer: str
    argues_against: bool
    text: str


class Claims(TypedDict):
    """Every claim of a truth file."""

    claims: list[ClaimRow]


class Mail(TypedDict):
    """Which kinds of mail you get."""

    approved: bool
    scored: bool
    failed: bool
    invalid: bool
    phase_opened: bool
    phase_closed: bool
    rescored: bool
    webhook_disabled: bool
    announcement: bool


class Check(TypedDict):
    """One thing that `doctor` looked at."""

    name: str
    result: Literal["ok", "note", "fail"]
    text: str
    fix: str


class Doctor(TypedDict):
    """What `doctor` found."""

    ok: bool
    checks: list[Check]


class Evidence(TypedDict):
    """The head of what `integrity radar` and `integrity fingerprints` find."""

    competition: str
    phase: str
    entries: int
    left_out: int
    caveat: str
    note: str
    flagged: int


class Radar(Evidence):
    """Items on which strong entries agree against the truth."""

    items: list[dict[str, Any]]


class Fingerprints(Evidence):
    """Pairs of entries that share more than chance allows."""

    pairs: list[dict[str, Any]]


class Likeness(TypedDict):
    """Accounts with something in common."""

    kind: str
    accounts: list[str]
    why: str


class Accounts(TypedDict):
    """Accounts that may be one person's."""

    competition: str
    participants: int
    caveat: str
    note: str
    groups_total: int
    groups: list[Likeness]
