"""Write the archive of a competition: what the public sees under `public/`, the organizers' own under `organizers/`.

Decision: two folders, so that `public/` can be put on any web server as it is and holds nothing hidden: it is made of
what the boards' functions give to a stranger. The zip is a temporary file (in memory while it is small), files go into
it piece by piece, and no transaction is open meanwhile; a fault on the way is an answer like any other. What
participants named stands in tables and never becomes a path.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from app import audit, storage
from app.accounts.service import Principal
from app.announcements.routes import shown
from app.announcements.schemas import AnnouncementOut
from app.announcements.service import announcements
from app.archive import site
from app.competitions import auditing, exporting, people
from app.competitions import service as competitions
from app.competitions.bundle import kind_of_image
from app.competitions.models import Phase, Truth
from app.competitions.routes import detail_of
from app.competitions.visibility import View, view_of
from app.db import Session, now
from app.leaderboards.errors import BoardHidden, NoOverallBoard
from app.leaderboards.overall import overall_of
from app.leaderboards.routes import as_csv, overall_as_csv
from app.leaderboards.schemas import OverallOut
from app.leaderboards.showing import Asked, board_of
from app.submissions.models import Submission
from app.submissions.schemas import SubmissionOut, submission_out

IN_MEMORY = 8 * 1024 * 1024
BATCH = 100
ENDS = (".zip", ".jsonl", ".json", ".csv")
NOT_MINE: Any = {"rows": {"__all__": {"mine"}}}
"""Which row is the asker's own is nothing for an archive."""
COLUMNS = (
    "phase", "ref", "participant", "team", "sent_at", "state", "final", "late", "carried_from", "chosen_at",
    "withdrawn_at", "disqualified_at", "reason", "file", "bytes", "sha256", "message",
)  # fmt: skip
README = """\
public/       What everybody saw at that moment: open index.html. It can be put on any web server.
organizers/   Boards as organizers see them, submissions.csv, the audit log (audit.jsonl) and the bundle, which
              `palmares competition apply bundle.zip` makes a competition again. Where they were asked for:
              submissions/ (files and reports) and truth/ (every version of the ground truth). Keep it to yourselves.
"""


class Writer:
    """Puts files into the zip, all stamped with the moment of the archive."""

    def __init__(self, target: ZipFile, moment: datetime) -> None:
        self.target, self.moment = target, moment

    def _info(self, name: str, kind: int) -> ZipInfo:
        info = ZipInfo(name, self.moment.timetuple()[:6])
        info.compress_type, info.external_attr = kind, 0o644 << 16
        return info

    def text(self, name: str, content: str | bytes, kind: int = ZIP_DEFLATED) -> None:
        """A file that is known whole."""
        self.target.writestr(self._info(name, kind), content)

    def blob(self, name: str, sha256: str, kind: int = ZIP_DEFLATED) -> None:
        """A stored file, piece by piece. Raises StorageFailed where it is missing or changed."""
        seen = hashlib.sha256()
        with self.target.open(self._info(name, kind), "w", force_zip64=True) as member:
            for chunk in storage.stream(sha256):
                seen.update(chunk)
                member.write(chunk)
        if seen.hexdigest() != sha256:
            raise storage.StorageFailed(f"Blob {sha256[:12]} does not hold what its name says.")


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission as its organizers see it, and the reports of its judgements by version."""

    told: SubmissionOut
    team: str
    carried_from: str
    late: bool
    reports: dict[int, dict[str, Any]]

    def row(self) -> list[object]:
        """Its line in the table."""
        told, mark = self.told, self.told.mark
        marked = (mark.chosen_at, mark.withdrawn_at, mark.disqualified_at, mark.reason) if mark else (None,) * 4
        values = (
            *(told.phase, told.ref, told.participant, self.team, told.created_at.isoformat(), told.state),
            *(told.scores["final"]["value"] if told.scores else None, self.late, self.carried_from, *marked),
            *(told.file.name, told.file.size, told.file.sha256, told.message),
        )
        return ["" if value is None else value for value in values]


def archive(who: Principal, slug: str, *, truth: bool, submissions: bool) -> IO[bytes]:
    """The archive as an open temporary file, at its start. Raises CompetitionNotFound, Denied, StorageFailed."""
    with Session.begin() as session:
        competition = people.organized(session, who, slug)
        moment = now(session)
        wanted = {"truth": truth, "submissions": submissions}
        audit.record(session, who, "competition.archived", slug, competition=slug, after=wanted)
    phases = competition.phases
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  (closed by the caller)
    try:
        with ZipFile(file, "w") as target:
            writer = Writer(target, moment)
            writer.text("README.txt", README)
            _public(writer, slug, phases)
            _boards(writer, who, slug, phases, "organizers/")
            _overall(writer, who, slug, "organizers/")
            bundle = exporting.export(competition, storage.get, truth=truth)
            writer.text("organizers/bundle.zip", bundle, ZIP_STORED)
            with Session.begin() as session:
                writer.text("organizers/audit.jsonl", auditing.as_jsonl(session, auditing.events(slug)))
            _submissions(writer, who, phases, files=submissions)
            for phase in phases if truth else ():
                _truths(writer, phase)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _public(writer: Writer, slug: str, phases: list[Phase]) -> None:
    """What a stranger sees: boards and pages that need no server."""
    boards = _boards(writer, None, slug, phases, "public/")
    overall = _overall(writer, None, slug, "public/")
    with Session.begin() as session:
        image = competitions.competition_of(session, slug).image_sha256
        told = [AnnouncementOut(**shown(row)) for row in announcements(session, slug)]
    news = [one.model_dump(mode="json") for one in told]
    writer.text("public/announcements.json", _json(news))
    logo = None
    if image is not None:
        content = storage.get(image)
        logo = f"logo.{str(kind_of_image(content)).rpartition('/')[2]}"
        writer.text(f"public/{logo}", content, ZIP_STORED)
    for name, text in site.pages(detail_of(None, slug), boards, overall, told, logo, writer.moment):
        writer.text(f"public/{name}", text)


def _boards(writer: Writer, who: Principal | None, slug: str, phases: list[Phase], folder: str) -> site.Boards:
    """Every board of every phase as this viewer sees it, as CSV and JSON; of the further ones those with entries."""
    found: site.Boards = {}
    for phase in phases:
        first = board_of(who, Asked(slug, phase.slug))
        others = (board_of(who, Asked(slug, phase.slug, name)) for name in first.boards if name != first.board)
        found[phase.slug] = [first, *(board for board in others if board.rows)]
        for board in found[phase.slug]:
            name = folder + site.board_name(phase.slug, board.board)
            writer.text(f"{name}.csv", as_csv(board))
            writer.text(f"{name}.json", board.model_dump_json(indent=1, exclude=NOT_MINE) + "\n")
    return found


def _overall(writer: Writer, who: Principal | None, slug: str, folder: str) -> OverallOut | None:
    """The board over phases, where there is one that this viewer may see."""
    try:
        board = overall_of(who, slug)
    except (NoOverallBoard, BoardHidden):
        return None
    writer.text(f"{folder}overall.csv", overall_as_csv(board))
    writer.text(f"{folder}overall.json", board.model_dump_json(indent=1, exclude=NOT_MINE) + "\n")
    return board


def _submissions(writer: Writer, who: Principal, phases: list[Phase], *, files: bool) -> None:
    """A table of all submissions; with `files`, also each with its file and its reports."""
    rows = []
    for phase in phases:
        for sent in _sent(who, phase):
            told, where = sent.told, f"organizers/submissions/{phase.slug}/{sent.told.ref}"
            rows.append(sent.row())
            if files:
                writer.text(f"{where}/submission.json", told.model_dump_json(indent=1) + "\n")
                for version, report in sent.reports.items():
                    writer.text(f"{where}/report-{version}.json", _json(report))
                end = next((one for one in ENDS if told.file.name.lower().endswith(one)), ".bin")
                writer.blob(f"{where}/{told.ref}{end}", told.file.sha256, ZIP_STORED if end == ".zip" else ZIP_DEFLATED)
    writer.text("organizers/submissions.csv", auditing.table(COLUMNS, rows))


def _sent(who: Principal, phase: Phase) -> Iterator[Sent]:
    """The phase's submissions as organizers see them, first sent first; each batch in a transaction of its own."""
    last = 0
    while True:
        with Session.begin() as session:
            here = (Submission.phase_id == phase.id, Submission.id > last)
            rows = session.scalars(select(Submission).where(*here).order_by(Submission.id).limit(BATCH)).all()
            view = view_of(session.get_one(Phase, phase.id), who, now(session))
            found = [_as_sent(session, row, view) for row in rows]
        yield from found
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def _as_sent(session: OrmSession, row: Submission, view: View) -> Sent:
    team, before = row.participation.team, session.get(Submission, row.carried_from_id or 0)
    had_effect = (one for one in row.evaluations if one.effective_at is not None)
    return Sent(
        submission_out(session, row, view),
        team=team.name if team else "",
        carried_from=before.ref if before else "",
        late=row.late,
        reports={one.version: one.report for one in had_effect if one.report is not None},
    )


def _truths(writer: Writer, phase: Phase) -> None:
    """Every version of the phase's ground truth; the bundle holds the present one."""
    with Session.begin() as session:
        rows = select(Truth.number, Truth.sha256).where(Truth.phase_id == phase.id).order_by(Truth.number)
        found = session.execute(rows).all()
    for number, sha256 in found:
        writer.blob(f"organizers/truth/{phase.slug}-{number}.jsonl", sha256)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
