"""Boards that were made once are kept in this process, until they change.

Decision: kept is the board as a kind of viewer sees it, without saying whose rows are whose; the reader's own row is
marked in a copy. The key holds all that a board is made from: its version, which every score, mark, ban, team and rule
raises, the competition's, the view and the moment. So nothing has to be dropped when something changes; what is not
read any more goes first. Cost: a score that comes behind a frozen board makes it anew, once; and memory. Rejected:
keeping it in Redis, which every reader would have to decode.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock

from app.leaderboards.schemas import BoardOut

MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Made:
    """A board, and of each row the entrant and the name that is theirs (and whether it is a team's), hidden or not."""

    board: BoardOut
    entrants: list[tuple[int, str, bool]]

    def seen_by(self, entrant_id: int | None) -> BoardOut:
        """The board with this entrant's own rows marked, under their own name."""
        if entrant_id is None:
            return self.board
        rows = [
            row.model_copy(update={"mine": True, "participant": name, "team": team}) if entrant == entrant_id else row
            for row, (entrant, name, team) in zip(self.board.rows, self.entrants, strict=True)
        ]
        return self.board.model_copy(update={"rows": rows})


class Shelf:
    """Boards by key, so many that they have at most so many rows together. Any thread may use it."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self.most_rows, self._rows = most_rows, 0
        self._boards: OrderedDict[Hashable, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Made | None:
        """The board of this key, None where it is not kept (any more)."""
        with self._lock:
            if key in self._boards:
                self._boards.move_to_end(key)
            return self._boards.get(key)

    def put(self, key: Hashable, made: Made) -> None:
        """Keep a board; those that were not read for longest give way."""
        with self._lock:
            self._drop(self._boards.pop(key, None))
            self._boards[key] = made
            self._rows += _size(made)
            while self._rows > self.most_rows:
                self._drop(self._boards.popitem(last=False)[1])

    def _drop(self, made: Made | None) -> None:
        self._rows -= _size(made) if made is not None else 0


def _size(made: Made) -> int:
    return len(made.entrants) + 1
