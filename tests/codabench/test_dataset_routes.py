"""Files: announced, sent once, twice, late, too large, half; bundles; what a key opens and what none does."""

import io
import time
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import storage
from app.codabench import addresses, datasets
from app.codabench.addresses import key_of
from app.codabench.models import Dataset
from app.competitions.models import Competition
from app.db import now
from app.settings import settings
from tests.codabench.conftest import GOOD
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"file_size": ""}, "file_size"),
        ({"file_size": "many"}, "file_size"),
        ({"file_size": -1}, "file_size"),
        ({"file_size": 10.5}, "file_size"),
        ({"request_sassy_file_name": ""}, "request_sassy_file_name"),
        ({"type": "scoring_program"}, "type"),
    ],
)
def test_an_announcement_that_lacks_something_names_the_field(call, given, field):
    whole = {"type": "submission", "request_sassy_file_name": "a.zip", "file_size": 100}
    said = call()("POST", "/api/datasets/", 400, json=whole | given)
    assert said[field]
    assert said["detail"]


def test_a_stranger_announces_nothing(call, world, client):
    said = call(world.person())(
        "POST", "/api/datasets/", 403, json={"type": "submission", "file_size": 1, "request_sassy_file_name": "a"}
    )
    assert said["code"] == "not_allowed"
    assert client.post("/api/datasets/", json={}).status_code == 401
    assert call(None, "read")("POST", "/api/datasets/", 403)["code"] == "scope_missing"


def test_put_twice_larger_smaller_late_and_after_use(call, world, client, monkeypatch, session):
    ada = call()
    key, address = ada.announce()
    assert "%" not in address.partition("/api/files/")[2]
    assert client.put(address, content=GOOD + b"\n").json()["code"] == "too_large"
    assert client.put(address, content=GOOD[:-9]).json()["code"] == "upload_broken"
    assert not (settings().uploads_folder / key).exists()
    for kind in ({}, {"Content-Type": "application/zip"}, {"Content-Type": "text/plain"}):
        assert client.put(address, content=GOOD, headers=kind).status_code == 200
    assert client.put(address[:-3] + "abc", content=GOOD).json()["code"] == "address_invalid"
    assert client.get(address).json()["code"] == "address_invalid", "an address is for one method"
    ada("POST", "/api/submissions/", 201, json={"phase": world.phase.id, "data": key})
    assert client.put(address, content=GOOD).json()["code"] == "dataset_used"
    late, past = ada.announce()[1], time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: past + addresses.LIFE["put"] + 2)
    assert client.put(late, content=GOOD).json()["code"] == "address_invalid"


def test_an_address_dies_with_its_token_and_its_account(call, session, client):
    from app.accounts.models import Account, Token

    ada = call()
    address = ada.announce()[1]
    token = session.scalars(select(Token).where(Token.account_id == ada.who.account_id)).one()
    token.revoked_at = now(session)
    session.commit()
    assert client.put(address, content=GOOD).status_code == 403
    token.revoked_at = None
    session.get_one(Account, ada.who.account_id).active = False
    session.commit()
    assert client.put(address, content=GOOD).status_code == 403


def test_nothing_was_sent_and_another_ones_file(call, world):
    ada, eve = call(), call()
    key = ada.announce()[0]
    body = {"phase": world.phase.id, "data": key}
    assert ada("POST", "/api/submissions/", 409, json=body)["code"] == "dataset_empty"
    assert eve("POST", "/api/submissions/", 404, json=body)["code"] == "dataset_not_found"
    assert eve("PUT", f"/api/datasets/completed/{key}/", 404)["code"] == "dataset_not_found"
    assert eve("GET", f"/api/datasets/{key}/download/", 404)["code"] == "dataset_not_found"


def test_what_is_no_archive_is_told_when_it_is_sent(call, client):
    address = call().announce(9, name="a.zip")[1]
    said = client.put(address, content=b"not a zip")
    assert (said.status_code, said.json()["code"]) == (415, "not_an_archive")


def test_unused_files_give_way_and_are_forgotten(call, session, monkeypatch):
    monkeypatch.setattr(datasets, "UNUSED", 2)
    ada = call()
    keys = [ada.send() for _ in range(4)]
    listed = ada("GET", "/api/datasets/?_type=submission&page_size=1000")["results"]
    assert [one["key"] for one in listed] == keys[:1:-1]
    assert {file.name for file in settings().uploads_folder.iterdir()} == set(keys[2:])
    assert ada("DELETE", "/api/delete_unused_datasets/")["success"]
    assert list(settings().uploads_folder.iterdir()) == []
    old = ada.announce()[0]
    session.scalars(select(Dataset).where(Dataset.key == old)).one().expires_at = now(session) - timedelta(seconds=1)
    session.commit()
    assert ada("PUT", f"/api/datasets/completed/{old}/", 404)


def test_an_account_takes_its_files_along_and_they_go_with_it(call, session, client):
    ada = call()
    ada.send(name="my thesis.jsonl")
    owner = ada.who.account_id
    assert [one["file_name"] for one in datasets.kept_of(session, owner)] == ["my thesis.jsonl"]
    told = client.get(
        "/api/v1/me/export", headers={"Authorization": ada.headers["Authorization"].replace("Token", "Bearer")}
    )
    assert [one["file_name"] for one in told.json()["announced"]] == ["my thesis.jsonl"]
    assert client.app.state.forget_announced(session, owner) == 1
    assert datasets.kept_of(session, owner) == []
    assert list(settings().uploads_folder.iterdir()) == []


def test_public_files_have_keys_and_the_truth_has_none(call, world, session, client):
    world.phase.starting_kit_sha256 = storage.put(b"a kit")
    session.commit()
    ada = call()
    phase = ada("GET", f"/api/competitions/{world.competition.id}/")["phases"][0]
    assert phase["public_data"] is None
    for path in ("/datasets/download/{}/", "/api/datasets/{}/download/"):
        assert client.get(path.format(phase["starting_kit"]["key"])).content == b"a kit"
        for other in (
            key_of("public_data", world.phase.id),
            key_of("task", world.phase.id),
            "x",
            key_of("task", 2**40),
        ):
            assert client.get(path.format(other)).status_code == 404
            assert ada("GET", path.format(other), 404)
    key = ada.send()
    assert ada("GET", f"/datasets/download/{key}/").content == GOOD
    ada("POST", "/api/submissions/", 201, json={"phase": world.phase.id, "data": key})
    assert ada("GET", f"/datasets/download/{key}/").content == GOOD


def packed(folder) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return out.getvalue()


def test_a_bundle_becomes_a_competition_once(call, world, session, client):
    olga = call(world.organizer)
    key = olga.send(packed(ROOT / "examples" / "photo-pairs"), "competition_bundle", "bundle.zip")
    made = [olga("PUT", f"/api/datasets/completed/{key}/")["status_id"] for _ in range(2)]
    assert made[0] == made[1]
    told = olga("GET", f"/api/competitions/{made[0]}/creation_status/")
    assert (told["status"], told["details"]) == ("Finished", None)
    found = session.get_one(Competition, told["resulting_competition"])
    assert found.slug == "photo-pairs"
    moved = client.get(f"/competitions/{found.id}/", follow_redirects=False)
    assert moved.headers["location"] == "/competitions/photo-pairs"
    assert call()("GET", f"/api/competitions/{made[0]}/creation_status/", 404)
    assert not (settings().uploads_folder / key).exists()
    assert olga("GET", f"/datasets/download/{key}/", 409)["code"] == "dataset_empty", "its truth is gone with it"


def test_a_bundle_that_is_none_says_why_and_participants_make_none(call, world):
    olga = call(world.organizer)
    key = olga.send(b"PK\x05\x06" + bytes(18), "competition_bundle", "bundle.zip")
    number = olga("PUT", f"/api/datasets/completed/{key}/")["status_id"]
    told = olga("GET", f"/api/competitions/{number}/creation_status/")
    assert told["status"] == "Failed"
    assert "competition.yaml" in told["details"]
    assert told["resulting_competition"] is None
    given = {"type": "competition_bundle", "request_sassy_file_name": "b.zip", "file_size": 1}
    assert call()("POST", "/api/datasets/", 403, json=given)["code"] == "not_allowed"
