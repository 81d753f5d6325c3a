"""The rules of a phase's board, of its hidden items and of the board over all phases, as an organizer writes them.

They are kept as JSON beside the phase and read through these classes, so that a rule is checked once, where it is
given, with the place and the cure of what is wrong. Keys name scores of the report (`final`, `accuracy`, …) or a
computed column.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.scoring.metrics import CATALOGUE

Direction = Literal["desc", "asc"]
KEY = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SortKey(_Rule):
    """A score that ranks; `desc`: higher is better."""

    key: str = "final"
    direction: Direction = "desc"


class Computed(_Rule):
    """A column made from others: their average, sum, lowest or highest value, or the mean of their ranks."""

    key: str = Field(pattern=KEY)
    title: str = Field("", max_length=80)
    operation: Literal["avg", "sum", "min", "max", "rank"]
    of: Annotated[list[str], Field(min_length=1, max_length=20)]


class BoardRule(_Rule):
    """What counts and how it ranks. Equal in all keys: the earlier submission stands first."""

    counting: Literal["best", "latest", "choice", "all"] = "best"
    choices: int = Field(1, ge=1, le=10, description="With `choice`: how many submissions may be chosen at once.")
    by: SortKey = SortKey()
    ties: Annotated[list[SortKey], Field(max_length=10)] = []
    hidden: list[str] = Field([], description="Columns that only organizers see.")
    computed: Annotated[list[Computed], Field(max_length=20)] = []
    titles: dict[str, Annotated[str, Field(max_length=80)]] = {}
    precision: dict[str, Annotated[int, Field(ge=0, le=10)]] = {}
    ladder: bool = Field(
        False, description="A new public best shows only where it beats the old by more than noise; needs a `split`."
    )

    @model_validator(mode="after")
    def _known_keys(self) -> "BoardRule":
        made = [one.key for one in self.computed]
        if len(set(made)) < len(made):
            raise ValueError("two computed columns have the same key.")
        known = {"final", *CATALOGUE}
        for one in self.computed:
            if one.key in known:
                raise ValueError(f"{one.key!r} is a score of its own; call the computed column otherwise.")
            _require(one.of, known)
        _require([self.by.key, *(one.key for one in self.ties), *self.hidden], known | set(made))
        if self.ladder and (self.counting != "best" or self.by != SortKey() or self.ties or "final" in self.hidden):
            raise ValueError("a `ladder` ranks the best by `final` alone: leave `counting`, `by` and `ties` out.")
        return self


class Split(_Rule):
    """Which items are public while the phase runs: a share drawn by a seed, or a list of item ids."""

    share: float | None = Field(None, gt=0, lt=1)
    seed: int = Field(0, ge=0)
    items: Annotated[list[str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Split":
        if (self.share is None) == (self.items is None):
            raise ValueError("give either a `share` or the public `items`.")
        return self


class Overall(_Rule):
    """The board over phases: the mean of their `key`, or their sum by weights, keyed by the phase's slug."""

    key: str = "final"
    weights: dict[str, Annotated[float, Field(gt=0, le=1)]] | None = None

    @model_validator(mode="after")
    def _shares(self) -> "Overall":
        _require([self.key], {"final", *CATALOGUE})
        if self.weights is not None and not math.isclose(math.fsum(self.weights.values()), 1, abs_tol=1e-9):
            raise ValueError(f"the weights sum to {math.fsum(self.weights.values()):.6g}, not to 1.")
        return self


def _require(keys: list[str], known: Any) -> None:
    for key in keys:
        if key not in known:
            raise ValueError(f"no score is called {key!r}; there are: {', '.join(sorted(known))}.")
