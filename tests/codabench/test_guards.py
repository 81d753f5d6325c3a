"""Who may call what of CodaBench's doors, made from the routes; and that docs/codabench.md names them all."""

import re

import pytest

from app.main import CODABENCH
from tests.conftest import ROOT

PUBLIC = {
    "GET /api/competitions/", "GET /api/competitions/public/", "GET /api/competitions/front_page/",
    "GET /api/competitions/{id}/", "GET /competitions/{id}/", "GET /api/phases/", "GET /api/phases/{id}/",
    "GET /api/phases/{id}/get_leaderboard/", "GET /api/leaderboards/", "GET /api/leaderboards/{id}/",
    "GET /accounts/login/", "POST /accounts/login/", "POST /api/api-token-auth/",
    # 404 for what is not public, 403 for an address that was not signed
    "GET /api/datasets/{key}/download/", "GET /datasets/download/{key}/", "GET /api/files/{token}",
    "PUT /api/files/{token}",
}  # fmt: skip
READ_IS_ENOUGH = {
    "GET /api/can_make_submission/{id}/", "GET /api/submissions/", "GET /api/submissions/{id}/",
    "GET /api/submissions/{id}/get_details/", "GET /api/tasks/", "GET /api/tasks/{id}/", "GET /api/my_profile/",
    "GET /api/datasets/", "GET /api/competitions/{id}/creation_status/",
}  # fmt: skip
DOORS = sorted(
    f"{method} {re.sub(r'{[a-z_]+:int}', '{id}', route.path)}"
    for router in CODABENCH
    for route in router.routes
    for method in route.methods
)


@pytest.mark.parametrize("door", sorted(set(DOORS) - PUBLIC))
def test_a_stranger_is_told_to_sign_in_and_a_token_needs_its_scope(door, call, world, client):
    made = world.submit(world.entrant()).id
    method, _, path = door.partition(" ")
    number = made if "submissions" in path else world.competition.id if "competitions" in path else world.phase.id
    path = path.replace("{id}", str(number)).replace("{key}", "x")
    assert client.request(method, path).status_code == 401
    reader = call(world.person(), "read")
    said = client.request(method, path, headers=reader.headers)
    if door in READ_IS_ENOUGH:
        assert said.status_code in (200, 404), "another's is not there"
        assert "organizer" not in said.text.replace('"created_by"', "") or "competitions" not in path
    else:
        assert (said.status_code, said.json()["code"]) == (403, "scope_missing")


def test_the_page_of_the_doors_names_them_all():
    documented = re.findall(r"^\| `([A-Z]+ /\S+)` \|", (ROOT / "docs" / "codabench.md").read_text(), re.MULTILINE)
    assert sorted(documented) == DOORS
