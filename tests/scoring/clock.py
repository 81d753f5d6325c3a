"""How long a call takes, to compare with another in the same process and never with a number of seconds."""

import time
from collections.abc import Callable


def cpu_seconds(call: Callable[[], object]) -> float:
    """Processor time of a call, the least of three: what others do on the machine has little say in it."""
    spent = []
    for _ in range(3):
        started = time.process_time()
        call()
        spent.append(time.process_time() - started)
    return min(spent)
