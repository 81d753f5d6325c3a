"""The catalogue of problems: every code once, with the status that an answer of it has."""

from app.errors import all_faults


def test_every_code_with_its_status_and_page(client):
    answer = client.get("/api/v1/problems").json()["items"]
    items = {one["code"]: one for one in answer}
    assert len(items) == len(answer)
    assert {kind.code for kind in all_faults()} <= set(items)
    refused = client.get("/api/v1/me").json()
    told = items[refused["code"]]
    assert {name: told[name] for name in ("type", "status", "title", "fix")} == {
        name: refused[name] for name in ("type", "status", "title", "fix")
    }
    assert client.get(told["type"]).status_code == 200


def test_a_wrong_method_names_every_right_one(client):
    assert client.put("/api/v1/me/tokens").headers["allow"] == "GET, POST"
    assert client.post("/api/v1/competitions/pairs").headers["allow"] == "GET, PATCH, DELETE"
