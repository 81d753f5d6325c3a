"""The explanation score's two parts to look at: how much is spoken of, and how much of that the right way round.

Neither is corrected for chance or gated: they tell a participant where the score comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..records import Pair
from .metric import Context, Metric

if TYPE_CHECKING:
    from ..claims.assessing import Assessment
    from .metric import Floats

SHARED = "assessment"


def assessment(pairs: Sequence[Pair], context: Context) -> Assessment:
    """The assessment of these pairs, made once for a judgement."""
    from ..claims.assessing import assess

    if SHARED not in context.shared:
        context.shared[SHARED] = assess(pairs)
        context.notes["claims"] = context.shared[SHARED].verdicts
    found: Assessment = context.shared[SHARED]
    return found


def claims_per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Share in [0, 1] of the reference's observations that the text speaks of, in whichever direction. Shape (n,)."""
    return assessment(pairs, context).coverage


def direction_per_item(pairs: Sequence[Pair], context: Context) -> Floats:
    """Share in [0, 1] of what is spoken of that has the reference's direction; 0 where nothing is. Shape (n,)."""
    return assessment(pairs, context).direction


CLAIMS = Metric(
    key="explanation.claims",
    title="Claims",
    version=2,
    measures="Share of what the expert observed that the explanation speaks of, right or wrong.",
    per_item=claims_per_item,
)
DIRECTION = Metric(
    key="explanation.direction",
    title="Direction",
    version=2,
    measures="Of what is spoken of, the share that has the expert's direction.",
    per_item=direction_per_item,
)
