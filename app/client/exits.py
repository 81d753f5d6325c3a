"""Exit codes, and the one table that says which problem ends the command with which of them.

Decision: scripts branch on the exit code, so every failure, local or from the server, is one `Problem` that carries the
fields of problem+json and finds its exit code here: by its code first, else by the HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OK = 0
USAGE = 2
INVALID = 3
DENIED = 4
LIMIT = 5
SCORING = 6
PLATFORM = 7
TIMEOUT = 8
BELOW = 9
INTERRUPTED = 130

MEANINGS: dict[int, str] = {
    OK: "All is well.",
    USAGE: "The command was not understood, or names something that does not exist.",
    INVALID: "The submission (or the bundle) is invalid; the findings say how to mend it.",
    DENIED: "Not signed in, or not allowed (now).",
    LIMIT: "A limit is reached; the message says when it goes on.",
    SCORING: "Scoring says no: truth, plan or model cannot be used, or the submission was cancelled.",
    PLATFORM: "The platform's fault, or it cannot be reached.",
    TIMEOUT: "The wait timed out; the submission goes on.",
    BELOW: "Scored, but below `--fail-under`.",
    INTERRUPTED: "Interrupted; the message says how to go on.",
}
"""Every exit code and what it means."""

BY_CODE: dict[str, int] = {
    "not_an_archive": INVALID,
    "file_invalid": INVALID,
    "bundle_invalid": INVALID,
    "too_large": INVALID,
    "truth_invalid": INVALID,
    "truth_unusable": SCORING,
    "plan_invalid": SCORING,
    "model_unavailable": SCORING,
    "metric_failed": SCORING,
    "judge_not_configured": SCORING,
    "llm_judge_unavailable": PLATFORM,
    "not_scored": SCORING,
    "different_phases": USAGE,
    "different_scoring": SCORING,
    "phase_not_open": DENIED,
    "joint_use_too_high": LIMIT,
    "idempotency_conflict": USAGE,
    "terms_not_accepted": DENIED,
    "upload_broken": PLATFORM,
    "unreachable": PLATFORM,
    "not_palmares": PLATFORM,
    "webhook_not_delivered": PLATFORM,
    "wait_timed_out": TIMEOUT,
    "below_threshold": BELOW,
}
"""Problem codes whose exit code does not follow from their status."""

BY_STATUS: dict[int, int] = {
    401: DENIED,
    403: DENIED,
    409: DENIED,
    412: DENIED,
    413: INVALID,
    415: INVALID,
    429: LIMIT,
}
"""HTTP statuses; other 4xx are usage, everything else is the platform's fault."""

BY_STATE: dict[str, int] = {"scored": OK, "invalid": INVALID, "failed": PLATFORM, "cancelled": SCORING}
"""Terminal states of an evaluation."""


class Problem(Exception):
    """A failure to report: the fields of problem+json, and the exit code that they lead to."""

    def __init__(self, code: str, detail: str, fix: str = "", *, status: int = 0, **extra: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fix = fix
        self.status = status
        self.extra = extra

    @classmethod
    def from_document(cls, document: Mapping[str, Any], status: int) -> Problem:
        """The problem that a server's problem+json describes."""
        known = ("code", "detail", "title", "fix", "status")
        extra = {str(key): value for key, value in document.items() if key not in known}
        detail = str(document.get("detail") or document.get("title") or f"The server answered {status}.")
        code = str(document.get("code") or f"http_{status}")
        return cls(code, detail, str(document.get("fix") or ""), status=status, **extra)

    @property
    def exit_code(self) -> int:
        """The exit code of this problem: by its code, else by its HTTP status; local ones without either are usage."""
        if self.code in BY_CODE:
            return BY_CODE[self.code]
        if self.status in BY_STATUS:
            return BY_STATUS[self.status]
        return USAGE if self.status == 0 or 400 <= self.status < 500 else PLATFORM

    def as_dict(self) -> dict[str, Any]:
        """The problem as plain values: code, detail, fix, status (0: found by the command itself), extensions."""
        return {"code": self.code, "detail": self.detail, "fix": self.fix, "status": self.status, **self.extra}
