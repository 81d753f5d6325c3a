"""`palmares.Client`: a server of Palmares as Python methods. The command line uses the same.

Decision: documents come as plain dictionaries with types (`documents`), lists as iterators that ask for a page when it
is needed, failures as `Problem`. Nothing is printed; what is worth knowing goes to the logger `palmares.client`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from . import config, files, sending, waiting
from .exits import Problem
from .target import ref_of, resolve, slug_of, split
from .transport import Connection

if TYPE_CHECKING:
    from .board_documents import Board, OverallBoard
    from .documents import (
        Comparison,
        Competition,
        CompetitionDetail,
        Joined,
        Limits,
        Phase,
        Submission,
        Validation,
    )
    from .organizing_documents import Me, Participant

__all__ = ["Client", "Connection", "opened"]


class Client(Connection):
    """A server, as one account. Used as a context manager it closes its connections at the end.

    `url`: the server's address; by default PALMARES_URL, else what `palmares login` kept. `token`: by default
    PALMARES_TOKEN, else what was kept for that server. A `place` is `SLUG` or `SLUG/PHASE`; without a phase it is the
    one that is open. Reads, and writes that cannot count twice, are sent again where the server is away or says when to
    come back.
    """

    def __init__(self, url: str | config.Server = "", token: str = "") -> None:
        server = url if isinstance(url, config.Server) else config.server(url, token)
        super().__init__(server)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What anybody may do

    def me(self) -> Me:
        """Who you are. Raises Problem (not_signed_in)."""
        return cast("Me", self.get("/me"))

    def competitions(self) -> Iterator[Competition]:
        """The competitions that you can see, newest first."""
        yield from self.each("/competitions")

    def competition(self, slug: str) -> CompetitionDetail:
        """A competition with its phases, pages and terms. Raises Problem (competition_not_found)."""
        return cast("CompetitionDetail", self.get(f"/competitions/{slug_of(slug)}"))

    def phases(self, slug: str) -> list[Phase]:
        """The phases of a competition."""
        return self.competition(slug)["phases"]

    def leaderboard(self, place: str, *, board: str = "", at: str = "") -> Board:
        """The board of a phase; without a phase, of the open one, else of the one that closed last.

        `board`: main, public or late. `at`: as it was at this time (ISO 8601 with a zone).
        """
        target = resolve(self, place, to_read=True)
        return cast("Board", self.get(target.path("leaderboard"), board=board, at=at))

    def overall(self, slug: str) -> OverallBoard:
        """The board over all phases of a competition."""
        return cast("OverallBoard", self.get(f"/competitions/{slug_of(slug)}/leaderboard"))

    # What participants do

    def join(self, slug: str, *, accept_terms: bool = False) -> Joined:
        """Enter a competition, with `accept_terms` by its terms. Raises Problem (terms_not_accepted)."""
        given = {"accept_terms": accept_terms}
        return cast("Joined", self.post(f"/competitions/{slug_of(slug)}/join", given))

    def limits(self, place: str) -> Limits:
        """What is left to you in a phase, and when the next submission is possible."""
        return cast("Limits", self.get(resolve(self, place).path("limits")))

    def validate(self, place: str, file: str | Path, *, progress: bool = False) -> Validation:
        """Check a file against a phase on the server; it costs no submission.

        Without a server: `palmares.scoring.validating.validate`.
        """
        path, where = Path(file), resolve(self, place).path("validate")
        body, headers = files.body(path, progress=progress), files.headers(path)
        return cast("Validation", self.ask("POST", where, body=body, headers=headers, again=True).document)

    def submit(
        self, place: str, file: str | Path, message: str = "", *, key: str = "", progress: bool = False
    ) -> Submission:
        """Send a submission; it comes back `queued`, with what is left of the limits.

        `key` is its Idempotency-Key, by default the hash of phase and file: the same file sent again is the same
        submission. Raises Problem (limit_reached, phase_not_open, not_joined, file_invalid, …).
        """
        target = resolve(self, place)
        return cast("Submission", sending.send(self, target, Path(file), message, key, progress=progress).document)

    def submission(self, ref: str) -> Submission:
        """A submission as it stands now. Raises Problem (submission_not_found)."""
        return cast("Submission", self.get(f"/submissions/{ref_of(ref)}"))

    def submissions(self, place: str = "", *, state: str = "", at_once: int = 100) -> Iterator[Submission]:
        """Your submissions, newest first: everywhere, or of a competition or phase; `state`: only those in it."""
        slug, phase = split(place) if place else ("", "")
        yield from self.each("/submissions", at_once, competition=slug, phase=phase, state=state)

    def watch(self, ref: str, timeout: float = 600) -> Iterator[Submission]:
        """A submission at each of its states, until it is over. Raises Problem (wait_timed_out), seconds."""
        yield from waiting.states(self, self.submission(ref), timeout)

    def wait(self, ref: str, timeout: float = 600) -> Submission:
        """A submission once it is over: scored, invalid, failed or cancelled. Raises Problem (wait_timed_out)."""
        *_, last = self.watch(ref, timeout)
        return last

    def cancel(self, ref: str) -> Submission:
        """Cancel a submission that is not over; it does not count."""
        return cast("Submission", self.post(f"/submissions/{ref_of(ref)}/cancel"))

    def report(self, ref: str) -> dict[str, Any]:
        """All scores of a submission, with intervals and by category. Raises Problem (not_scored)."""
        return cast("dict[str, Any]", self.get(f"/submissions/{ref_of(ref)}/report"))

    def items(self, ref: str) -> Iterator[dict[str, Any]]:
        """The scores item by item. Raises Problem (not_allowed) where the phase does not show them."""
        for line in self.text(f"/submissions/{ref_of(ref)}/items").splitlines():
            yield json.loads(line)

    def compare(self, ref: str, other: str) -> Comparison:
        """By how much a submission is better than another one, and whether chance could be the reason."""
        path = f"/submissions/{ref_of(ref)}/comparison"
        return cast("Comparison", self.get(path, **{"with": ref_of(other)}))

    # What organizers do

    def participants(self, slug: str, *, status: str = "", search: str = "") -> Iterator[Participant]:
        """Who takes part or asks to: approved, pending, denied or banned."""
        yield from self.each(f"/competitions/{slug_of(slug)}/participants", status=status, search=search)

    def decide(self, slug: str, username: str, **given: Any) -> Participant:
        """Decide on a participant: `status` (approved, denied, banned), `reason`, `baseline`."""
        from urllib.parse import quote

        path = f"/competitions/{slug_of(slug)}/participants/{quote(username, safe='')}"
        return cast("Participant", self.ask("PATCH", path, json=given, again=True).document)

    def change(self, place: str, **given: Any) -> Mapping[str, Any]:
        """Change settings of a competition, or of the phase that is named, by the API's names; says what changed."""
        slug, phase = split(place)
        path = f"/competitions/{slug}" + (f"/phases/{phase}" if phase else "")
        answer = self.ask("PATCH", path, json=given, headers={"If-Match": "*"}, again=True)
        return cast("Mapping[str, Any]", answer.document)

    def put_truth(self, place: str, file: str | Path) -> Mapping[str, Any]:
        """Give a phase a new version of its ground truth; where there are submissions, re-scoring makes it count."""
        path, where = Path(file), resolve(self, place, to_read=True).path("truth")
        answer = self.ask("PUT", where, body=files.body(path, progress=False), headers=files.headers(path), again=True)
        return cast("Mapping[str, Any]", answer.document)


def opened(*, signed_in: bool = False, url: str = "") -> Client:
    """A client for the server in force. Raises Problem (exit 4) where a token is needed and there is none."""
    server = config.server(url)
    if signed_in and not server.token:
        raise Problem(
            "not_signed_in",
            f"You are not signed in at {server.url}.",
            "Run `palmares login`, or set PALMARES_TOKEN.",
            status=401,
        )
    return Client(server)
