"""Every failure ends with the exit code of the contract."""

import pytest

from app.client import exits
from app.client.exits import Problem
from tests.client.server import Answer, Fake, Palmares, problem

CASES = [
    (400, "bad_cursor", exits.USAGE),
    (401, "not_signed_in", exits.DENIED),
    (401, "wrong_credentials", exits.DENIED),
    (401, "token_invalid", exits.DENIED),
    (403, "scope_missing", exits.DENIED),
    (403, "not_joined", exits.DENIED),
    (404, "competition_not_found", exits.USAGE),
    (409, "phase_closed", exits.DENIED),
    (409, "phase_not_open", exits.DENIED),
    (409, "not_scored", exits.SCORING),
    (409, "not_cancellable", exits.DENIED),
    (422, "upload_broken", exits.PLATFORM),
    (422, "truth_invalid", exits.INVALID),
    (409, "idempotency_conflict", exits.USAGE),
    (409, "joint_use_too_high", exits.LIMIT),
    (409, "different_phases", exits.USAGE),
    (409, "different_scoring", exits.SCORING),
    (422, "same_submission", exits.USAGE),
    (413, "too_large", exits.INVALID),
    (415, "not_an_archive", exits.INVALID),
    (422, "terms_not_accepted", exits.DENIED),
    (422, "file_invalid", exits.INVALID),
    (422, "bundle_invalid", exits.INVALID),
    (422, "payload_invalid", exits.USAGE),
    (429, "limit_reached", exits.LIMIT),
    (429, "rate_limited", exits.LIMIT),
    (500, "internal", exits.PLATFORM),
    (503, "service_unavailable", exits.PLATFORM),
    (502, "unknown_to_us", exits.PLATFORM),
]


@pytest.mark.parametrize(("status", "code", "expected"), CASES)
def test_a_problem_of_the_server_ends_with_its_exit_code(
    signed_in: Palmares, fake: Fake, status: int, code: str, expected: int
) -> None:
    fake.on("GET", "/me", problem(status, code))
    done = signed_in("whoami")
    assert done.code == expected
    assert done.out == ""
    assert done.err.splitlines()[-3:] == [
        f"palmares: Sentence of {code}.",
        f"  fix: Fix of {code}.",
        f"  code: {code} (HTTP {status}), request req-1",
    ]


@pytest.mark.parametrize(("status", "code", "expected"), CASES)
def test_with_json_the_failure_is_a_document_too(
    signed_in: Palmares, fake: Fake, status: int, code: str, expected: int
) -> None:
    fake.on("GET", "/me", problem(status, code, needed="read"))
    found = signed_in("whoami", "--json").document
    assert (found["version"], found["exit_code"]) == (1, expected)
    assert found["error"]["code"] == code
    assert found["error"]["needed"] == "read"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(b"<html>", 200, {"Content-Type": "text/html"}), exits.PLATFORM),
        (Answer(b"<html>", 404, {"Content-Type": "text/html"}), exits.PLATFORM),
        (Answer(b"{", 500, {"Content-Type": "application/json"}), exits.PLATFORM),
        (Answer(b"", 308, {"Location": "https://elsewhere.example"}), exits.PLATFORM),
    ],
)
def test_what_is_no_answer_of_ours_is_the_platforms_fault(
    signed_in: Palmares, fake: Fake, answer: Answer, expected: int
) -> None:
    fake.on("GET", "/me", answer)
    done = signed_in("whoami")
    assert done.code == expected
    assert "Traceback" not in done.err


def test_every_code_in_the_table_leads_to_a_documented_exit_code() -> None:
    used = {*exits.BY_CODE.values(), *exits.BY_STATUS.values(), *exits.BY_STATE.values()}
    assert used <= set(exits.MEANINGS)


def test_a_problem_without_status_is_usage() -> None:
    assert Problem("anything", "Sentence.").exit_code == exits.USAGE
