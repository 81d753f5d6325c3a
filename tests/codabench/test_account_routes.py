"""A token for a password, the form that scripts sign in by, and the two ways to say who one is."""

from app.accounts import service
from app.codabench import account_routes

PASSWORD = "correct horse battery"


def test_a_token_by_form_or_json_and_what_it_may(client, session):
    service.sign_up(session, "ada", "ada@example.org", PASSWORD, "admin")
    session.commit()
    place = "/api/api-token-auth/"
    by_form = client.post(place, data={"username": "ada", "password": PASSWORD})
    by_json = client.post(place, json={"username": "ada@example.org", "password": PASSWORD})
    assert (by_form.status_code, by_json.status_code) == (200, 200)
    for answer in (by_form, by_json):
        for scheme in ("Token", "Bearer"):
            headers = {"Authorization": f"{scheme} {answer.json()['token']}"}
            assert client.get("/api/my_profile/", headers=headers).json()["username"] == "ada"
        told = client.get("/api/v1/me", headers={"Authorization": f"Bearer {answer.json()['token']}"}).json()
        assert told["token"]["scopes"] == ["organize", "read", "submit"], "never an administrator's"
    wrong = client.post(place, json={"username": "ada", "password": "wrong horse battery"})
    assert (wrong.status_code, bool(wrong.json()["non_field_errors"])) == (400, True)
    for body in ({}, {"username": "ada"}, {"username": ["ada"], "password": PASSWORD}, [1]):
        assert client.post(place, json=body).status_code == 400
    assert client.post(place, content=b"\xff", headers={"Content-Type": "application/json"}).status_code == 400


def test_tokens_of_many_runs_do_not_pile_up(client, session, monkeypatch):
    monkeypatch.setattr(account_routes, "KEPT", 3)
    service.sign_up(session, "ada", "ada@example.org", PASSWORD)
    session.commit()
    made = [
        client.post("/api/api-token-auth/", data={"username": "ada", "password": PASSWORD}).json()["token"]
        for _ in range(5)
    ]
    works = [client.get("/api/my_profile/", headers={"Authorization": f"Token {one}"}).status_code for one in made]
    assert sorted(works) == [200, 200, 200, 401, 401]
    assert works[-1] == 200


def test_a_script_signs_in_by_the_form(client, session):
    service.sign_up(session, "ada", "ada@example.org", PASSWORD)
    session.commit()
    place = "/accounts/login/"
    assert client.get(place).status_code == 200
    assert client.cookies["csrftoken"]
    failed = client.post(place, data={"username": "ada", "password": "no"})
    assert failed.url.path == place
    done = client.post(place, data={"username": "ada", "password": PASSWORD}, headers={"Referer": place})
    assert (done.status_code, done.url.path) == (200, "/")
    assert client.get("/api/my_profile/").json()["username"] == "ada", "the cookie opens the API too"
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(place, data={"username": "ada", "password": PASSWORD}, headers=foreign).status_code == 403


def test_a_token_that_is_none_is_told(client):
    for header in ("Token nonsense", "Basic YTpi", "Token", ""):
        said = client.get("/api/competitions/", headers={"Authorization": header})
        assert (said.status_code, said.json()["code"]) == (401, "token_invalid")
