"""Where a page leads on to: this server's own paths only."""

import re

from fastapi import status
from fastapi.responses import RedirectResponse

# One slash, then visible ASCII without a backslash: browsers read `//`, `/\` and `/<tab>/` as another host.
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")


def local(address: str) -> str:
    """The address where it is a path of this very server, else the start page."""
    return address if len(address) <= 500 and LOCAL.fullmatch(address) else "/"


def to(address: str) -> RedirectResponse:
    """On to a page by GET."""
    return RedirectResponse(address, status.HTTP_303_SEE_OTHER)
