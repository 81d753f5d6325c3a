"""One of each class of the corpus through the live stack: the door, the worker and the board say what they must."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from tests.hostile.case import ROWS, Case
from tests.hostile.corpus import cases

YAML = """
version: 2
slug: corpus
title: Corpus
terms: terms.md
registration_auto_approve: true
pages: [{title: Overview, file: terms.md}]
tasks:
  - {index: 0, reference_data: truth.jsonl, scorer: {name: pairwise-explained}}
phases:
  - {index: 0, slug: main, name: Main, start: 2026-01-01, tasks: [0], max_submissions_per_day: 0, max_submissions: 0,
     max_invalid_per_day: 1000}
"""
PHASE = "/competitions/corpus/phases/main"
TERMINAL = {"scored", "invalid", "failed", "cancelled"}
SAMPLE = list({(case.kind, case.state): case for case in cases()}.values())


@pytest.fixture(scope="module")
def client(stack, tmp_path_factory):
    """A participant of a competition with the corpus's truth."""
    bundle: Path = tmp_path_factory.mktemp("bundle")
    (bundle / "competition.yaml").write_text(YAML)
    (bundle / "terms.md").write_text("Be fair.")
    (bundle / "truth.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    stack.palmares(stack.person("olga", "organizer"), "competition", "apply", bundle)
    token = stack.person("ada")
    stack.palmares(token, "join", "corpus", "--accept-terms")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx2.Client(base_url=f"{stack.url}/api/v1", headers=headers, timeout=60) as opened:
        yield opened


def test_one_of_each_class_ends_as_it_must(client):
    assert len(SAMPLE) >= 45
    sent: dict[str, tuple[Case, str]] = {}
    for case in SAMPLE:
        headers = {"X-Filename": quote(case.file), "Idempotency-Key": case.title.encode().hex()[:200]}
        answer = client.post(f"{PHASE}/submissions", content=case.make(), headers=headers)
        told = answer.json()
        if case.state == "refused":
            assert answer.status_code in (413, 415, 422), (case.title, told)
            codes = [finding["code"] for finding in told["findings"]] if "findings" in told else [told["code"]]
            assert sorted(codes) == list(case.codes), case.title
        else:
            assert answer.status_code == 202, (case.title, told)
            sent[told["ref"]] = case, told["state"]
    deadline = time.monotonic() + 150
    for ref, (case, state) in sent.items():
        while state not in TERMINAL:
            assert time.monotonic() < deadline, f"{case.title} is still {state}"
            time.sleep(0.1)
            found = client.get(f"/submissions/{ref}").json()
            state = found["state"]
        assert state == case.state, (case.title, found)
        if case.state == "scored":
            assert found["scores"]["accuracy"]["value"] == case.accuracy, case.title
        else:
            assert sorted({finding["code"] for finding in found["findings"]}) == list(case.codes), case.title
    board = client.get(f"{PHASE}/leaderboard").json()
    assert [row["entries"] for row in board["rows"]] == [sum(case.state == "scored" for case in SAMPLE)]
