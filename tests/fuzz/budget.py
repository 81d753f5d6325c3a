"""How long to fuzz: seconds in `make test`, always the same examples; at length by `make fuzz`, others each time.

`PALMARES_FUZZ=5000` asks for so many examples of each property. What fails is printed with a line that repeats it
(`@reproduce_failure`), and belongs into the tests as an example of its own.
"""

import os

from hypothesis import HealthCheck, settings

ASKED = int(os.environ.get("PALMARES_FUZZ", "0"))


def budget(short: int, *, share: float = 1.0, steps: int = 50) -> settings:
    """Settings of a property: `short` examples in `make test`, else this share of what was asked for."""
    return settings(
        max_examples=max(short, int(ASKED * share)),
        stateful_step_count=steps,
        derandomize=not ASKED,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
