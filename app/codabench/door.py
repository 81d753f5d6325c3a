"""How CodaBench's API speaks: bodies as JSON or forms, errors as `detail` and `non_field_errors`, lists as arrays or
pages.

Decision: a route class turns our faults into that form, so that each door raises what our own do; the fault's code and
fix stay beside it. A list is a bare array where no page is asked for, because the project's own scripts want that, and
pages else, because later clients do.
"""

import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException

from app import problems
from app.accounts.errors import WrongCredentials
from app.errors import Fault, Refused

USUAL_PAGE = 20
LARGEST_PAGE = 1000
LARGEST_LIST = 10_000
"""So many rows are given at once where no page is asked for."""
LARGEST_BODY = 64 * 1024


def as_refusal(request: Request, fault: Fault) -> Response:
    """A fault in the form that Django REST framework gives it, with our code and fix beside."""
    answer = problems.on_fault(request, fault)
    body = json.loads(bytes(answer.body))
    body["detail"] = f"{body['detail']} {body['fix']}".strip()
    status = 400 if answer.status_code == 422 or isinstance(fault, WrongCredentials) else answer.status_code
    body["status"] = status
    if request.method != "GET" and status not in (401, 403, 404):
        body["non_field_errors"] = [body["detail"]]
    body |= {name: [text] for name, text in fault.extra.get("named", {}).items()}
    body.pop("named", None)
    headers = {name: value for name, value in answer.headers.items() if name in ("retry-after", "www-authenticate")}
    return JSONResponse(body, status, headers)


class Door(APIRoute):
    """A route whose refusals read as CodaBench's."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with faults caught."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handle(request)
            except Fault as fault:
                return as_refusal(request, fault)
            except RequestValidationError as error:
                fields = {str(one["loc"][-1]): str(one["msg"]) for one in error.errors()}
                text = "; ".join(f"{name}: {message}" for name, message in fields.items())
                return as_refusal(request, Refused(text, named=fields))

        return guarded


async def sent(request: Request) -> dict[str, Any]:
    """The body's fields, of JSON or a form; a field that comes more than once is a list. Raises Refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            return _fields(await request.form(max_files=0, max_fields=200, max_part_size=LARGEST_BODY))
        except MultiPartException as error:
            raise Refused(f"The form cannot be read: {error.message}") from error
    body = await request.body()
    if not body:
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused("The body is neither JSON nor a form.") from error
    if not isinstance(found, dict):
        raise Refused("The body is not an object.")
    return found


def _fields(form: FormData) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in form:
        values = [str(one) for one in form.getlist(name)]
        found[name] = values if len(values) > 1 else values[0]
    return found


def number(values: dict[str, Any], name: str, least: int = 0) -> int:
    """A whole number of the body. Raises Refused."""
    given = values.get(name)
    if given in (None, ""):
        raise Refused(f"`{name}` is missing.", named={name: "This field is required."})
    try:
        found = float(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else nan
    except (ValueError, OverflowError):
        found = nan
    if not (least <= found < 2**53 and found == int(found)):
        raise Refused(f"`{name}` is not a number.", named={name: "A valid number is required."})
    return int(found)


def text(values: dict[str, Any], name: str, longest: int, *, needed: bool = False) -> str:
    """A text of the body, cut nowhere: one that is too long is refused. Raises Refused."""
    given = values.get(name)
    if given in (None, "") and needed:
        raise Refused(f"`{name}` is missing.", named={name: "This field is required."})
    found = "" if given is None else given
    if not isinstance(found, str) or len(found) > longest or "\x00" in found:
        raise Refused(f"`{name}` is not a text of at most {longest} characters.", named={name: "Not a valid string."})
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """The rows that are asked for, [start, start + size), and how they are given back."""

    start: int
    size: int | None
    wrap: Callable[[list[Any]], Any]


def part_of(request: Request, count: int, *, paged: bool = False) -> Part:
    """Which of so many rows the address asks for: a page where it says so (`page`, `page_size`) or `paged`, else all.

    Raises Refused where there is no such page, or where there are too many to be given at once.
    """
    query = request.query_params
    asked = query.get("page_size", str(USUAL_PAGE))
    bare = not paged and "page" not in query and "page_size" not in query
    if (bare or asked == "all") and count > LARGEST_LIST:
        raise Refused(f"There are {count}: ask for them in pages, `page_size={LARGEST_PAGE}&page=1`.")
    if bare:
        return Part(0, None, lambda rows: rows)
    size = max(1, count) if asked == "all" else min(_whole(asked, "page_size"), LARGEST_PAGE)
    page, pages = _whole(query.get("page", "1"), "page"), max(1, -(-count // size))
    if page > pages:
        raise Refused(f"There are {pages} pages.", named={"page": "Invalid page."})

    def address(other: int) -> str:
        return str(request.url.replace(query=urlencode({**query, "page": other})))

    about = {
        "count": count,
        "next": address(page + 1) if page < pages else None,
        "previous": address(page - 1) if page > 1 else None,
        "page_size": size,
    }
    return Part((page - 1) * size, size, lambda rows: about | {"results": rows})


def listed(request: Request, rows: Sequence[Any], write: Callable[[Any], Any], *, paged: bool = False) -> Any:
    """Those of these rows that are asked for. Raises as `part_of`."""
    part = part_of(request, len(rows), paged=paged)
    end = None if part.size is None else part.start + part.size
    return part.wrap([write(row) for row in rows[part.start : end]])


def _whole(given: str, name: str) -> int:
    if not given.isascii() or not given.isdecimal() or len(given) > 9 or int(given) < 1:
        raise Refused(f"`{name}` is not a positive number.", named={name: "A valid integer is required."})
    return int(given)
