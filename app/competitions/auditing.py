"""Reading the audit log: filtered, newest first, page by page or as a whole for export."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.audit import AuditEvent

COLUMNS = ("at", "actor", "token", "request_id", "competition", "action", "target", "before", "after")


def events(
    competition: str | None = None,
    action: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[tuple[AuditEvent]]:
    """The query for acts in [since, until), newest first; `competition` None: everywhere."""
    rows = select(AuditEvent)
    if competition is not None:
        rows = rows.where(AuditEvent.competition == competition)
    if action:
        rows = rows.where(AuditEvent.action == action)
    if actor:
        rows = rows.where(AuditEvent.actor == actor.lower())
    if since:
        rows = rows.where(AuditEvent.at >= since)
    if until:
        rows = rows.where(AuditEvent.at < until)
    return rows.order_by(AuditEvent.id.desc())


def plain(event: AuditEvent) -> dict[str, Any]:
    """An act as plain JSON values."""
    return {name: getattr(event, name) for name in COLUMNS} | {"at": event.at.isoformat()}


def as_jsonl(session: Session, rows: Select[tuple[AuditEvent]]) -> str:
    """All acts of a query, a line of JSON each."""
    return "".join(json.dumps(plain(event)) + "\n" for event in session.scalars(rows))


def as_csv(session: Session, rows: Select[tuple[AuditEvent]]) -> str:
    """All acts of a query as CSV; `before` and `after` as JSON."""
    found = (plain(event) for event in session.scalars(rows))
    return table(COLUMNS, ([_cell(event[name]) for name in COLUMNS] for event in found))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV in which no cell can act as a formula in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([harmless(str(cell)) for cell in row] for row in rows)
    return out.getvalue()


def harmless(cell: str) -> str:
    """The cell, behind an apostrophe where a spreadsheet would take it for a formula.

    >>> harmless("=1+1"), harmless("ada")
    ("'=1+1", 'ada')
    """
    return "'" + cell if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return "" if value is None else str(value)
