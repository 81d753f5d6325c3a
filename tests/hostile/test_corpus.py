"""Every file of the corpus ends as it must, within bounds of time and memory; no honest zip is refused."""

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.hostile import measure
from tests.hostile.case import Case
from tests.hostile.corpus import cases

CASES = cases()


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, Any]]:
    """What became of each, in a process of its own."""
    words = [sys.executable, "-m", "tests.hostile.measure", "--json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_each_ends_as_expected_within_its_bounds(case: Case, results: dict[str, dict[str, Any]]) -> None:
    found = results[case.title]
    expected = measure.expected(case)
    assert {key: found[key] for key in expected} == expected
    assert found["seconds"] < measure.SECONDS
    assert found["mib"] < measure.GROWTH_MIB


def test_the_corpus_is_as_large_as_it_promises() -> None:
    assert max(Counter(case.title for case in CASES).values()) == 1
    # Without what programs that may not be installed write.
    always = [case for case in CASES if case.kind != "honest: programs"]
    assert sum(case.state != "scored" for case in always) >= 300
    assert sum(case.kind.startswith("honest") for case in always) >= 80
    assert all((case.accuracy is None) == bool(case.codes) for case in CASES)
