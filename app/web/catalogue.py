"""The catalogues of problems and of routes, both made from what the code itself says of them."""

from collections import defaultdict
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from app import problems
from app.errors import all_faults


@dataclass(frozen=True, slots=True)
class Entry:
    """A problem: its code, what it means, how to mend it, and its HTTP status."""

    code: str
    title: str
    text: str
    fix: str
    status: int


INTERNAL = Entry(
    "internal",
    "Something broke on our side",
    "The server met an error it did not foresee. It is logged under the request's id; nothing more is told.",
    "Try again; if it stays, tell the operator the request_id.",
    500,
)


def entries() -> dict[str, Entry]:
    """Every kind of fault by its code, sorted; where two kinds share a code, the more special one speaks."""
    found = {INTERNAL.code: INTERNAL}
    for kind in all_faults():
        text = " ".join((kind.__doc__ or "").split())
        found[kind.code] = Entry(kind.code, kind.title, text, kind.fix, problems.status_of(kind()))
    return dict(sorted(found.items()))


def entry_of(code: str) -> Entry | None:
    """The problem of this code, those included that HTTP itself defines (`method_not_allowed`); None for no code."""
    known = entries().get(code)
    if known is not None:
        return known
    for status in HTTPStatus:
        if status >= 400 and status.phrase.lower().replace(" ", "_").replace("-", "_") == code:
            return Entry(code, status.phrase, status.description or status.phrase, "", int(status))
    return None


def operations(openapi: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The operations of an OpenAPI document by tag: method, path, text, parameters, kinds of body."""
    rooms: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {})
            rooms[operation.get("tags", ["other"])[0]].append(
                {
                    "method": method.upper(),
                    "path": path,
                    "text": operation.get("description", operation.get("summary", "")),
                    "parameters": [one["name"] for one in operation.get("parameters", [])],
                    "body": list(body),
                }
            )
    return rooms
