"""The machine a run took place on, in the words of its own system; figures mean nothing without it."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = ("torch", "sentence-transformers", "rouge-score", "numpy", "celery", "fastapi", "sqlalchemy")


def processor() -> str:
    """The processor's name as Linux tells it, elsewhere what Python knows."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> str:
    """Processes that wanted a core in the mean of the last minute, and what follows where others wanted it too."""
    wanted = os.getloadavg()[0]
    busy = f", so other work shared the {cores()} cores: alone, the seconds are fewer" if wanted > cores() / 2 else ""
    return f"{wanted:.1f}{busy}"


def describe() -> dict[str, str]:
    """What a reader needs to place the figures."""
    return {
        "Processor": f"{processor()}, {cores()} cores usable",
        "Memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "System": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "Packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "Model's device": "cpu, on both sides",
    }
