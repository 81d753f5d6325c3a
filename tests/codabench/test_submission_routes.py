"""The submit sequence of CodaBench's clients, what repeats and breaks in it, and what each one may see."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.codabench import door
from app.codabench.addresses import key_of
from app.competitions.models import Competition, Phase
from app.db import now
from app.submissions import evaluation as machine
from app.submissions.models import Submission
from tests.codabench.conftest import GOOD, scored


def submissions(session) -> int:
    return session.scalar(select(func.count()).select_from(Submission))


def test_the_sequence_of_the_clients(call, world, session):
    ada, phase = call(), world.phase.id
    assert ada("GET", f"/api/can_make_submission/{phase}/") == {"can": True, "reason": None}
    key = ada.send()
    assert ada("PUT", f"/api/datasets/completed/{key}/") == {"key": key}
    made = ada("POST", "/api/submissions/", 201, data={"phase": phase, "data": key, "tasks": [phase]})
    assert (made["status"], made["filename"], made["data"], made["scores"]) == ("Submitting", "p.jsonl", key, [])
    seen = ada("GET", f"/api/submissions/{made['id']}/")
    assert (seen["status"], seen["phase"], seen["phase_name"], seen["scores"]) == ("Submitted", phase, "Main", [])
    assert [one["id"] for one in ada("GET", f"/api/submissions/?phase={phase}")] == [made["id"]]


def test_the_same_file_is_one_submission_however_often_and_by_whatever_body(call, world, session):
    ada, phase = call(), world.phase.id
    key = ada.send()
    body = {"phase": phase, "data": key, "tasks": [], "organization": None, "queue": None, "fact_sheet_answers": {}}
    made = [ada("POST", "/api/submissions/", 201, json=body)["id"] for _ in range(3)]
    made.append(ada("POST", "/api/submissions/", 201, data={"phase": phase, "data": key})["id"])
    assert len(set(made)) == submissions(session) == 1
    with_key = {"Idempotency-Key": "run-7"}
    for _ in range(2):
        body["data"] = ada.send()
        answer = ada.client.post("/api/submissions/", json=body, headers=ada.headers | with_key)
        assert answer.status_code == 201
    assert submissions(session) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "payload_invalid"),
        ({"phase": "x", "data": "k"}, 400, "payload_invalid"),
        ({"phase": 2**40, "data": "k"}, 404, "phase_not_found"),
        ({"phase": 0, "data": 5}, 400, "payload_invalid"),
        ({"data": "no-such-key"}, 404, "dataset_not_found"),
        ({"data": "../../etc/passwd"}, 404, "dataset_not_found"),
        ({"tasks": [99999]}, 400, "task_elsewhere"),
        ({"description": "x" * 501}, 400, "payload_invalid"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(call, world, session, body, status, code):
    ada = call()
    given = ({"phase": world.phase.id, "data": ada.send()} | body) if body else {}
    said = ada("POST", "/api/submissions/", status, json=given)
    assert (said["code"], bool(said["detail"])) == (code, True)
    assert ("non_field_errors" in said) == (status == 400)
    assert submissions(session) == 0


def test_a_closed_phase_a_stranger_and_a_used_up_limit_are_told_before_and_after(call, world, session):
    ada, eve, phase = call(), call(world.person()), world.phase.id
    said = eve("GET", f"/api/can_make_submission/{phase}/")
    assert (said["can"], said["code"]) == (False, "not_joined")
    assert "join" in said["reason"].lower()
    keys = [ada.send() for _ in range(3)]
    world.phase.max_submissions_per_day = 1
    session.flush()
    ada("POST", "/api/submissions/", 201, json={"phase": phase, "data": keys[0]})
    said = ada("GET", f"/api/can_make_submission/{phase}/")
    assert (said["can"], said["code"]) == (False, "limit_reached")
    said = ada("POST", "/api/submissions/", 429, json={"phase": phase, "data": keys[1]})
    assert said["non_field_errors"] == [said["detail"]]
    world.phase.ends_at = now(session) - timedelta(seconds=1)
    session.flush()
    assert ada("GET", f"/api/can_make_submission/{phase}/")["code"] == "phase_not_open"
    assert ada("POST", "/api/submissions/", 409, json={"phase": phase, "data": keys[1]})["code"] == "phase_not_open"
    assert submissions(session) == 1


def test_a_score_is_a_text_and_others_do_not_see_it(call, world, session):
    ada, eve = call(), call()
    made = scored(session, world, ada.who, 0.325)
    number = made.id
    seen = ada("GET", f"/api/submissions/{number}/")
    first = seen["scores"][0]
    assert (first["column_key"], first["score"], first["is_primary"]) == ("final", "0.3250000000", True)
    assert (seen["status"], seen["owner"], seen["on_leaderboard"]) == ("Finished", ada.who.username, True)
    assert ada("GET", f"/api/submissions/{number}/get_details/")["scoring_result"]
    for path in ("", "get_details/", "cancel_submission/"):
        assert eve("GET", f"/api/submissions/{number}/{path}", 404)["code"] == "submission_not_found"
    assert eve("GET", "/api/submissions/") == []
    assert eve("DELETE", f"/api/submissions/{number}/soft_delete/", 404)
    assert eve("POST", f"/api/submissions/{number}/re_run_submission/", 404)
    assert ada.client.get("/api/submissions/").status_code == 401
    olga = call(world.organizer)
    assert [one["id"] for one in olga("GET", "/api/submissions/")] == [number]
    reader = call(world.organizer, "read")
    assert reader("GET", "/api/submissions/") == [], "without the scope `organize` one sees one's own"


def test_of_a_split_phase_only_the_public_score_and_of_a_frozen_board_no_place(call, world, session):
    ada = call()
    made = scored(session, world, ada.who, 0.75)
    world.phase.frozen_at = now(session) - timedelta(seconds=1)
    world.phase.split = {"share": 0.5, "seed": "x", "ids": None}
    session.flush()
    seen = ada("GET", f"/api/submissions/{made.id}/")
    assert (seen["scores"], seen["on_leaderboard"], seen["leaderboard"]) == ([], False, None)
    details = ada("GET", f"/api/submissions/{made.id}/get_details/")
    assert details["scoring_result"] is None


def test_an_invalid_file_says_where_and_how_to_mend_it(call, world, session):
    ada = call()
    found = world.submit(ada.who)
    attempt = machine.claim(session, found.evaluation.id, "validate")
    wrong = [
        {"code": "bad_json", "message": f"line {n}", "file": "p.jsonl", "line": n, "fix": "Mend it."} for n in range(4)
    ]
    machine.finish(session, found.evaluation.id, "validate", attempt, "invalid", findings=wrong, findings_total=9)
    session.commit()
    seen = ada("GET", f"/api/submissions/{found.id}/")
    assert seen["status"] == "Failed"
    assert seen["status_details"].splitlines()[::3] == ["p.jsonl:0: line 0 (bad_json) Mend it.", "and 6 more"]
    logs = {one["name"]: one["data_file"] for one in ada("GET", f"/api/submissions/{found.id}/get_details/")["logs"]}
    assert len(ada.client.get(logs["scoring_stderr"]).text.splitlines()) == 4
    assert ada.client.get(logs["scoring_stdout"]).text.splitlines()[-1].endswith(" invalid")


def test_a_list_that_is_too_long_is_given_in_pages_only(call, world, session, monkeypatch):
    monkeypatch.setattr(door, "LARGEST_LIST", 2)
    ada = call()
    for number in range(3):
        world.submit(ada.who, content=f"{number}".encode())
    session.commit()
    for query in ("", "?page_size=all"):
        assert "in pages" in ada("GET", f"/api/submissions/{query}", 400)["detail"]
    assert len(ada("GET", "/api/submissions/?page_size=3")["results"]) == 3


def test_lists_are_arrays_or_pages_as_they_are_asked_for(call, world, session):
    ada = call()
    made = [world.submit(ada.who, content=f"{n}".encode()).id for n in range(5)]
    session.commit()
    assert [one["id"] for one in ada("GET", "/api/submissions/")] == made[::-1]
    page = ada("GET", "/api/submissions/?page_size=2&page=2&mine=true")
    assert ([one["id"] for one in page["results"]], page["count"]) == ([made[2], made[1]], 5)
    assert ada("GET", page["next"].removeprefix("http://testserver"))["next"] is None
    assert len(ada("GET", "/api/submissions/?page_size=all")["results"]) == 5
    assert ada("GET", "/api/submissions/?page=9&page_size=2", 400)["page"] == ["Invalid page."]
    assert ada("GET", "/api/submissions/?status=Finished") == []
    assert len(ada("GET", "/api/submissions/?status=Submitted&search=answers")) == 5
    assert ada("GET", "/api/submissions/?phase=x", 400)["phase"] == ["A valid number is required."]
    assert len(ada("GET", f"/api/submissions/?phase__competition={world.competition.id}")) == 5


def test_cancel_run_again_and_soft_delete(call, world, session, client):
    ada = call()
    first = world.submit(ada.who, content=GOOD)
    session.commit()
    assert ada("GET", f"/api/submissions/{first.id}/cancel_submission/") == {"canceled": True}
    assert ada("GET", f"/api/submissions/{first.id}/cancel_submission/") == {"canceled": False}
    again = ada(
        "POST", f"/api/submissions/{first.id}/re_run_submission/?task_key={key_of('task', world.phase.id)}", 201
    )
    assert again["id"] != first.id
    assert again["task"]["key"] == key_of("task", world.phase.id)
    for wrong in ("x", key_of("starting_kit", world.phase.id)):
        ada("POST", f"/api/submissions/{first.id}/re_run_submission/?task_key={wrong}", 400)
    ada("POST", f"/api/submissions/{first.id}/re_run_submission/?task_key={key_of('task', 10**6)}", 404)
    assert "message" in ada("DELETE", f"/api/submissions/{again['id']}/soft_delete/")
    assert [one["id"] for one in ada("GET", "/api/submissions/")] == [first.id]
    assert [one["id"] for one in ada("GET", "/api/submissions/?is_soft_deleted=true")] == [again["id"]]
    olga = call(world.organizer)
    assert olga("POST", f"/api/submissions/{first.id}/re_run_submission/", 409)["code"] == "not_retryable"
    with_cookie = client.get(f"/api/submissions/{first.id}/cancel_submission/")
    assert with_cookie.status_code == 401, "a GET that acts takes no cookie"


def test_a_token_for_one_competition_stays_there(call, world, session):
    ada = call()
    found = world.submit(ada.who)
    other = Competition(slug="other", title="Other", organizer_id=ada.who.account_id, pages=[])
    session.add(other)
    session.flush()
    phase = Phase(competition_id=other.id, slug="main", name="Main", index=0, starts_at=now(session), plan={})
    session.add(phase)
    session.flush()
    from app.accounts import service

    _, secret = service.create_token(session, ada.who, "ci", ["read", "submit"], timedelta(days=1), "other")
    session.commit()
    ada.headers = {"Authorization": f"Token {secret}"}
    assert ada("GET", f"/api/submissions/{found.id}/", 403)["code"] == "token_elsewhere"
    assert ada("GET", f"/api/can_make_submission/{world.phase.id}/", 403)["code"] == "token_elsewhere"
    assert ada("GET", f"/api/competitions/{world.competition.id}/", 403)["code"] == "token_elsewhere"
    assert ada("GET", "/api/submissions/") == []
    assert [one["title"] for one in ada("GET", "/api/competitions/")] == ["Other"]
    assert [one["competition"] for one in ada("GET", "/api/tasks/")["results"]] == [other.id]
