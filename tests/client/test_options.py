"""`--wait` with and without its number, wherever it stands."""

import pytest

from app.client.options import with_default_wait


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("submit x f.zip --wait", "submit x f.zip --wait=600"),
        ("submit x f.zip --wait 120", "submit x f.zip --wait=120"),
        ("submit x f.zip --wait=120", "submit x f.zip --wait=120"),
        ("submit x --wait f.zip", "submit x --wait=600 f.zip"),
        ("submit --wait 5 x f.zip", "submit --wait=5 x f.zip"),
        ("submit x f.zip --wait --json", "submit x f.zip --wait=600 --json"),
        ("submit x f.zip --wait 2.5", "submit x f.zip --wait=2.5"),
        ("submit x -- --wait", "submit x -- --wait"),
        ("whoami", "whoami"),
    ],
)
def test_a_bare_wait_gets_its_default(given: str, expected: str) -> None:
    assert with_default_wait(given.split()) == expected.split()
