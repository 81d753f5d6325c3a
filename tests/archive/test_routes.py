"""The archive over HTTP."""

import io
import zipfile

PATH = "/api/v1/competitions/pairs/archive"


def test_organizers_get_a_zip_and_others_nothing(client, world):
    answer = client.get(PATH, params={"submissions": "true"}, headers=world.token(world.organizer))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["cache-control"] == "no-store"
    assert "organizers/audit.jsonl" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=world.token(world.entrant())).json()["code"] == "not_allowed"
    assert client.get(PATH.replace("pairs", "none"), headers=world.token(world.organizer)).status_code == 404
