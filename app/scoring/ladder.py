"""The ladder: which of somebody's scores on public items are shown, so that trying again and again tells little.

Decision: the parameter-free ladder of Blum & Hardt 2015 (The Ladder: a reliable leaderboard for machine learning
competitions, ICML). A new score shows only where it beats the shown one by more than the standard error of the paired
differences, and is rounded to one part in the number of items. Their loss is 1 - score here. Rejected: a fixed step,
which an organizer would have to guess.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def beats(new: Floats, old: Floats) -> bool:
    """Whether the new values per item are better than the old ones by more than the noise.

    >>> right = np.ones(100)
    >>> beats(right, np.append(right[:99], 0.0)), beats(right, np.append(right[:90], np.zeros(10)))
    (False, True)
    """
    if len(new) != len(old):
        return False
    differences = new - old
    n = len(differences)
    noise = float(differences.std(ddof=1)) / n**0.5 if n > 1 else 0.0
    return bool(differences.mean() > noise + 1e-12)


def rounded(score: float, n_items: int) -> float:
    """The score as the ladder shows it.

    >>> rounded(0.7349, 50)
    0.74
    """
    return round(score * n_items) / n_items
