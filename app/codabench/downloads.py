"""What the signed addresses of a submission give: its file, its scores, and what is said of its run."""

import io
import json
import zipfile

from fastapi import Response
from fastapi.responses import PlainTextResponse

from app.accounts.service import Principal
from app.codabench import documents, finding
from app.codabench.errors import AddressInvalid
from app.competitions.visibility import view_of
from app.db import Session, now
from app.submissions import routes as submissions
from app.submissions.errors import NotScored
from app.submissions.schemas import report_for

LOGS = {"scoring_stdout": documents.log_lines, "scoring_stderr": documents.error_lines}


def made(who: Principal, what: str) -> Response:
    """The file named by `what` (such as `scores:12`), as far as this account may see it now.

    Raises AddressInvalid, SubmissionNotFound, NotScored.
    """
    kind, _, number = what.partition(":")
    if kind == "submission":
        with Session.begin() as session:
            ref = finding.submission_of(session, who, int(number)).ref
        return submissions.file(who, ref)
    if kind == "scores":
        return _scores(who, int(number))
    if kind in LOGS:
        with Session.begin() as session:
            return PlainTextResponse(LOGS[kind](finding.submission_of(session, who, int(number)).evaluation))
    raise AddressInvalid


def _scores(who: Principal, number: int) -> Response:
    """A zip with `scores.json` and, where the phase shows it, `report.json`."""
    with Session.begin() as session:
        found = finding.submission_of(session, who, number)
        view = view_of(found.phase, who, now(session))
        report = None if view.ladder else report_for(found.evaluation, view)
        if report is None:
            raise NotScored(f"Its state is {found.evaluation.state}.", state=found.evaluation.state)
        values = documents.values_of(found.phase, report)
        columns = [column["key"] for column in documents.shown_columns(found.phase, view)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("scores.json", json.dumps({key: values[key] for key in columns if key in values}))
        archive.writestr("report.json", json.dumps(report))
    return Response(packed.getvalue(), media_type="application/zip")
