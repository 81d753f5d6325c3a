"""The error boundary: whatever goes wrong becomes one short message, the right exit code and never a traceback.

Decision: commands raise; only this file turns failures into words. With --json a failure is a document on stdout too
(`{"version": 1, "error": {…}, "exit_code": n}`), so that a script need not read prose.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import typer

from . import exits, show
from .exits import Problem


@dataclass
class Run:
    """What the boundary needs to know about the command that is running."""

    json: bool = False
    debug: bool = False
    go_on: str = "Run the same command again to go on."
    """What to do after an interruption."""

    def begin(self, *, json: bool) -> None:
        """Start anew with the next command line; `json`: --json is in it, so failures are documents as well."""
        self.json, self.go_on = json, Run.go_on
        self.set_debug(False)

    def set_debug(self, debug: bool) -> None:
        """`debug`: tracebacks, and a line for each request; without it, what the client has to say."""
        self.debug = debug
        log = logging.getLogger("palmares.client")
        log.setLevel(logging.DEBUG if debug else logging.INFO)
        if not any(isinstance(one, _Talk) for one in log.handlers):
            log.addHandler(_Talk())


class _Talk(logging.Handler):
    """What the client logs is talk."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        show.talk(record.getMessage())


run = Run()


def guarded(command: Callable[[], object]) -> int:
    """Run a command to its exit code; every failure is said on stderr."""
    try:
        code = command()
    except Problem as problem:
        return report(problem)
    except typer.Abort:
        return interrupted()
    except typer.TyperException as error:
        return usage(error)
    except SystemExit:  # typer's answer to a reader that has seen enough, as in `palmares leaderboard x | head`
        return exits.OK
    except OSError as error:
        if run.debug:
            traceback.print_exc()
        name = f"{error.filename}: " if error.filename else ""
        return report(
            Problem("file_problem", f"{name}{error.strerror or error}", "Check the path and its permissions.")
        )
    except Exception as error:
        return unexpected(error)
    if code == exits.INTERRUPTED:
        return interrupted()
    return code if isinstance(code, int) else exits.OK


def report(problem: Problem) -> int:
    """Say a problem: the sentence, the findings, when it goes on, how to mend it, its code and the request's id."""
    show.talk(f"palmares: {problem.detail}")
    for text in show.findings(problem.extra):
        show.talk(text)
    if problem.extra.get("next_possible_at"):
        show.talk(f"  goes on: {show.moment(str(problem.extra['next_possible_at']))}")
    elif problem.extra.get("retry_after"):
        show.talk(f"  goes on: in {problem.extra['retry_after']:g} s")
    if problem.fix:
        show.talk(f"  fix: {problem.fix}")
    status = f" (HTTP {problem.status})" if problem.status and "request_id" in problem.extra else ""
    request = f", request {problem.extra['request_id']}" if problem.extra.get("request_id") else ""
    show.talk(f"  code: {problem.code}{status}{request}")
    if run.json:
        show.document({"error": problem.as_dict(), "exit_code": problem.exit_code})
    return problem.exit_code


def usage(error: typer.TyperException) -> int:
    """Say what was wrong with the command line."""
    context = getattr(error, "ctx", None)
    if context is not None:
        show.talk(context.get_usage())
        show.talk(f"Try `{context.command_path} --help`.")
    message = error.format_message()
    show.talk(f"palmares: {message}")
    if run.json:
        show.document({"error": Problem("usage", message).as_dict(), "exit_code": exits.USAGE})
    return exits.USAGE


def interrupted() -> int:
    """Say how to go on after Ctrl-C."""
    show.talk(f"\npalmares: interrupted\n  {run.go_on}")
    return exits.INTERRUPTED


def unexpected(error: Exception) -> int:
    """A bug of ours: short, with the traceback only on demand."""
    if run.debug:
        traceback.print_exc()
    kind = type(error).__name__
    fix = "This is a bug of the command: report it, with what `palmares --debug …` prints."
    show.talk(f"palmares: unexpected {kind}: {show.line(error)}\n  fix: {fix}")
    if run.json:
        problem = Problem("client_bug", f"unexpected {kind}: {error}", fix)
        show.document({"error": problem.as_dict(), "exit_code": exits.PLATFORM})
    return exits.PLATFORM
