"""Competitions, phases, tasks and participants as CodaBench's clients read and change them."""

import json
from datetime import timedelta

import pytest

from app.competitions.models import Participation
from app.db import now
from tests.codabench.conftest import scored


def test_a_competition_has_what_clients_read(call, world, session):
    world.competition.pages = [{"title": "Rules", "content": "Be *fair*."}]
    world.phase.max_submissions_per_day, world.phase.max_submissions = 5, 100
    ada = call()
    world.submit(ada.who)
    session.commit()
    number = world.competition.id
    [line] = ada("GET", "/api/competitions/?search=PAIR")
    assert (line["id"], line["title"], line["created_by"]) == (number, "Pairs", "organizer")
    assert ada("GET", "/api/competitions/?search=nothing") == []
    found = ada("GET", f"/api/competitions/{number}/")
    assert found["participant_status"] == "approved"
    assert [(one["title"], one["content"], one["index"]) for one in found["pages"]] == [("Rules", "Be *fair*.", 0)]
    [phase] = found["phases"]
    assert (phase["id"], phase["status"], phase["name"]) == (world.phase.id, "Current", "Main")
    assert (phase["max_submissions_per_day"], phase["max_submissions_per_person"]) == (5, 100)
    assert (phase["used_submissions_per_day"], phase["used_submissions_per_person"]) == (1, 1)
    assert phase["start"].endswith("Z")
    [task], [board] = phase["tasks"], found["leaderboards"]
    assert task["id"] == board["id"] == phase["id"]
    assert board["columns"][board["primary_index"]] | {"key": "final", "sorting": "desc"} == board["columns"][0]
    assert found["submissions_count"] is None, "how many were sent is for organizers"
    assert call(world.organizer)("GET", f"/api/competitions/{number}/")["submissions_count"] == 1
    assert ada.client.get(f"/api/competitions/{number}").status_code == 200, "without the slash, by a redirect"
    assert ada("GET", "/api/competitions/999999/", 404)["code"] == "competition_not_found"
    assert ada("GET", f"/api/competitions/{2**70}/", 404)["code"] == "competition_not_found"


def test_no_answer_names_a_file_of_the_truth(call, world, session):
    ada, number = call(), world.competition.id
    scored(session, world, ada.who, 0.5)
    paths = [
        f"competitions/{number}/",
        f"phases/{world.phase.id}/",
        "tasks/",
        f"tasks/{world.phase.id}/",
        "submissions/",
    ]
    paths += [f"leaderboards/{world.phase.id}/", f"phases/{world.phase.id}/get_leaderboard/", "competitions/"]
    told = "".join(json.dumps(ada("GET", f"/api/{path}")) for path in paths)
    assert world.phase.truth.sha256 not in told
    assert '"reference_data": null' in told
    assert "skin detail" not in told


def test_phases_tasks_profile_and_lists_in_pages(call, world):
    ada, number = call(), world.competition.id
    assert ada("GET", "/api/phases/") == []
    assert [one["id"] for one in ada("GET", f"/api/phases/?competition={number}")] == [world.phase.id]
    assert ada("GET", f"/api/phases/{world.phase.id}/")["status"] == "Current"
    assert ada("GET", "/api/tasks/")["results"][0]["id"] == world.phase.id
    assert ada("GET", f"/api/tasks/?competition={number}&page=1")["count"] == 1
    assert ada("GET", "/api/competitions/public/")["count"] == 1
    assert ada("GET", "/api/competitions/front_page/")["popular_comps"][0]["id"] == number
    assert ada("GET", "/api/competitions/?page_size=20&public=true&page=1")["results"][0]["id"] == number
    assert [one["id"] for one in ada("GET", "/api/competitions/?participating_in=true")] == [number]
    assert ada("GET", "/api/competitions/?mine=true") == []
    assert ada("GET", "/api/my_profile/")["username"] == ada.who.username
    assert ada.client.get("/api/my_profile/").status_code == 401


@pytest.mark.parametrize(("after", "status"), [(timedelta(hours=1), "Next"), (timedelta(hours=-2), "Previous")])
def test_the_clock_says_a_phases_status(call, world, session, after, status):
    world.phase.starts_at = now(session) + after
    world.phase.ends_at = world.phase.starts_at + timedelta(hours=1)
    session.commit()
    assert call()("GET", f"/api/phases/{world.phase.id}/")["status"] == status


def test_registering_and_deciding(call, world, session):
    world.competition.registration_auto_approve = False
    session.commit()
    eve, olga, number = call(world.person("eve")), call(world.organizer), world.competition.id
    assert eve("POST", f"/api/competitions/{number}/register/", 201) == {"participant_status": "pending"}
    assert "already" in eve("POST", f"/api/competitions/{number}/register/", 400)["detail"]
    assert olga("GET", "/api/participants/") == []
    [found] = olga("GET", f"/api/participants/?competition={number}&status=pending")
    assert (found["username"], found["email"]) == ("eve", None)
    place = f"/api/participants/{found['id']}/"
    assert eve("PATCH", place, 404, json={"status": "approved"})["code"] == "participant_not_found"
    assert olga("PATCH", place, 400, json={"status": "unknown"})["status"] == ["Not a valid choice."]
    assert olga("PATCH", place, json={"status": "approved"})["status"] == "approved"
    assert olga("PATCH", place, 400, json={"status": "approved"})["detail"]
    assert session.get_one(Participation, found["id"]).status == "approved"
    assert eve("GET", f"/api/participants/?competition={number}", 403)["code"] == "not_allowed"


def test_an_organizer_changes_and_deletes_and_others_do_not(call, world, session):
    ada, olga, place = call(), call(world.organizer), f"/api/competitions/{world.competition.id}/"
    wanted = {"registration_auto_approve": False, "whitelist_emails": ["@example.org"], "published": True}
    assert ada("PATCH", place, 403, json=wanted)["code"] == "not_allowed"
    assert olga("PATCH", place, json=wanted)["registration_auto_approve"] is False
    session.refresh(world.competition)
    assert world.competition.allowed_emails == ["@example.org"]
    assert olga("PATCH", place, 400, json={"published": False})["code"] == "payload_invalid"
    assert olga("PATCH", place, 400, json={"whitelist_emails": ["nobody"]})["code"] == "payload_invalid"
    assert ada("DELETE", place, 403)
    assert olga("DELETE", place, 204) is not None
    assert ada("GET", place, 404)
    assert ada("GET", "/api/competitions/") == []
