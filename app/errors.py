"""One fault, three faces: a typed Fault becomes problem+json at the HTTP door, an exit code at the command line and a
stored problem on an evaluation.

Decision: a fault is a class with a stable `code`, a `title` and a `fix`; what varies is data (`extra`), never prose put
together by a caller. Its docstring is its public page under /problems/<code>.
"""

from typing import Any, ClassVar


class Fault(Exception):
    """Something the caller should know, with a stable code and a way to mend it."""

    code: ClassVar[str] = "fault"
    title: ClassVar[str] = "Something is wrong"
    fix: ClassVar[str] = ""

    def __init__(self, detail: str = "", **extra: Any) -> None:
        self.detail = detail or self.title
        self.extra = extra
        super().__init__(self.detail)

    def as_problem(self) -> dict[str, Any]:
        """The fault as plain values: code, title, detail, fix and what else it carries."""
        return {"code": self.code, "title": self.title, "detail": self.detail, "fix": self.fix, **self.extra}


class NotFound(Fault):
    """What was asked for does not exist, or you may not know that it does."""

    code = "not_found"
    title = "Not found"
    fix = "Check the address; what belongs to others answers the same as what does not exist."


class Conflict(Fault):
    """The request is fine, but the present state of things forbids it."""

    code = "conflict"
    title = "Not possible now"


class PreconditionFailed(Fault):
    """It was changed since you read it; `version` is the present one. Nothing was changed by this request."""

    code = "precondition_failed"
    title = "Somebody changed it meanwhile"
    fix = "Read it again, look at what changed, then send the change with `If-Match` of the present version."


class PreconditionRequired(Fault):
    """A change must say which version it is made from, so that no other's change is lost."""

    code = "precondition_required"
    title = "The change does not say what it is made from"
    fix = "Send `If-Match` with the ETag of the competition, or `*` for whatever it is now."


class Denied(Fault):
    """You are known, but this is not yours to do."""

    code = "not_allowed"
    title = "Not allowed"
    fix = "Ask the organizers of the competition, or use an account or token with the needed rights."


class Unauthenticated(Fault):
    """The request carries no valid identity."""

    code = "not_signed_in"
    title = "Not signed in"
    fix = "Sign in, or send a token: `Authorization: Bearer plm_…` (see `palmares login`, `palmares token create`)."


class Refused(Fault):
    """What was sent cannot be taken as it is."""

    code = "payload_invalid"
    title = "The request does not fit"
    fix = "Mend the named fields and send it again."


class TooLarge(Fault):
    """The body is larger than allowed; reading stopped there and nothing was stored."""

    code = "too_large"
    title = "The file is too large"
    fix = "Send a smaller file: only the predictions file is needed, zipped."


class Unsupported(Fault):
    """The body is of a kind that is not taken here."""

    code = "unsupported_media_type"
    title = "This kind of file is not taken"


class TooMany(Fault):
    """A limit or rate is used up; `next_possible_at` or `retry_after` says when it goes on."""

    code = "limit_reached"
    title = "Limit reached"
    fix = "Wait until the time given; failed evaluations (our fault) never count."


class Unavailable(Fault):
    """A part of the service is away; nothing was lost, try again."""

    code = "service_unavailable"
    title = "The service is not available right now"
    fix = "Try again in a few seconds; with the same Idempotency-Key nothing is counted twice."


def all_faults() -> list[type[Fault]]:
    """Every kind of fault that is loaded, most general first (for the pages under /problems/ and the tests)."""
    found: list[type[Fault]] = []

    def walk(kind: type[Fault]) -> None:
        for child in kind.__subclasses__():
            if child not in found:
                found.append(child)
                walk(child)

    walk(Fault)
    return found
