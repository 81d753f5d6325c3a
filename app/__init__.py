"""Palmares: the competition server that scores the choice and the reason.

`from palmares import Client` is the Python client; it is imported when it is asked for, so that this stays cheap.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client.exits import Problem as Problem
    from .client.http import Client as Client

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """The client's names, imported at their first use."""
    if name == "Client":
        from .client.http import Client

        return Client
    if name == "Problem":
        from .client.exits import Problem

        return Problem
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
