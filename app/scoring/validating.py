"""Is this file a submission that can be scored? The one answer that the server, the command line and CI give alike.

Decision: one call from file to answers or findings, pure and without the truth: it needs only the ids of the phase. It
never raises for what is in the file. What nobody foresaw is the finding `unreadable`, with the traceback in the log;
the tests demand that no input leads there.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from .archive import Kind, Member, predictions
from .findings import Finding, Findings, Invalid, shown
from .limits import Limits
from .pairing import check_ids
from .reading import read
from .records import Answer

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Validation:
    """What validating found: answers (usable only if `valid`), the first hundred findings, their number, warnings."""

    answers: list[Answer] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    findings_total: int = 0
    warnings: list[Finding] = field(default_factory=list)
    kind: Kind | None = None
    """What the upload is; None where that could not be told."""

    @property
    def valid(self) -> bool:
        """True where nothing is wrong; warnings do not count."""
        return self.findings_total == 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values: version, valid, findings, findings_total, warnings."""
        return {
            "version": 1,
            "valid": self.valid,
            "findings": [one.as_dict() for one in self.findings],
            "findings_total": self.findings_total,
            "warnings": [one.as_dict() for one in self.warnings],
        }


def validate(
    file: BinaryIO | bytes, name: str, item_ids: Collection[str] | None, limits: Limits | None = None
) -> Validation:
    """Checks a submission (a zip or a bare predictions file; seekable, or bytes) and reads its answers.

    `item_ids` are the ids of the phase's pairs; with None, unknown and missing pairs cannot be told. Never raises for
    any content; OSError of the file object itself is passed on, because it is not the participant's fault.

    >>> validate(b'{"id": "p_000", "answer": "C", "explanation": ""}', "x.jsonl", None).findings[0].code
    'bad_answer'
    """
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        member = predictions(stream, name, limits or Limits())
        return _validated(member, item_ids, limits or Limits())
    except Invalid as fault:
        found = Findings(fault.findings, fault.total)
    except OSError:
        raise
    except Exception:
        logging.getLogger(__name__).exception("A submission could not be read for an unforeseen reason.")
        found = Findings()
        found.add("unreadable")
    return Validation(findings=found.in_file(name).kept, findings_total=found.total)


def _validated(member: Member, item_ids: Collection[str] | None, limits: Limits) -> Validation:
    reading = read(member.data, member.format, limits)
    findings, warnings = reading.findings, reading.warnings
    if item_ids is not None:
        unknown, missing = check_ids(item_ids, reading.lines)
        findings.extend(unknown)
        warnings.extend(missing)
    if member.extra_files:
        names = ", ".join(member.extra_files[:_NAMED])
        more = f" and {len(member.extra_files) - _NAMED} more" if len(member.extra_files) > _NAMED else ""
        warnings.add("extra_files", f"Ignored: {shown(names, 2000)}{more}.")
    found = findings.in_file(member.name)
    return Validation(reading.answers, found.kept, found.total, warnings.in_file(member.name).kept, member.kind)
