"""Every answer of the API says what is left, refusals say when it goes on, and losing Redis refuses nobody."""

import re

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from app import rates
from app.settings import Settings, settings

API = "/api/v1"


@pytest.fixture(autouse=True)
def limited(monkeypatch):
    monkeypatch.setattr(settings(), "account_rate", "3/hour")
    monkeypatch.setattr(settings(), "address_rate", "50/hour")
    monkeypatch.setattr(rates._Away, "until", 0.0)
    rates._redis().reset()
    rates._memory().reset()


def told(answer) -> dict[str, tuple[int, int]]:
    """What is left, and the seconds until it is whole again, by policy."""
    found = re.findall(r'"(\w+)";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    return {name: (int(left), int(reset)) for name, left, reset in found}


def test_what_is_left_of_each_policy_stands_in_every_answer(client, world):
    headers = world.token(world.person())
    first = client.get(f"{API}/me", headers=headers)
    assert first.headers["RateLimit-Policy"] == '"address";q=50;w=3600, "account";q=3;w=3600'
    assert {name: left for name, (left, _) in told(first).items()} == {"address": 49, "account": 2}
    other = client.get(f"{API}/me", headers=world.token(world.person()))
    assert {name: left for name, (left, _) in told(other).items()} == {"address": 48, "account": 2}
    refused = client.get(f"{API}/competitions/nope", headers=headers)
    assert refused.status_code == 404
    assert told(refused)["address"][0] == 47
    assert "RateLimit" not in client.get("/healthz").headers


def test_two_tokens_of_an_account_share_its_rate_and_the_refusal_says_when_it_goes_on(client, world):
    who = world.person()
    tokens = [world.token(who) for _ in range(2)]
    answers = [client.get(f"{API}/me", headers=tokens[n % 2]) for n in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    last = answers[-1]
    assert last.json()["code"] == "rate_limited"
    assert told(last)["account"] == (0, int(last.headers["Retry-After"]))
    assert 0 < last.json()["retry_after"] <= 3600
    assert client.get(f"{API}/me", headers=world.token(world.person())).status_code == 200


def test_one_address_is_limited_whatever_it_claims_to_be(client, world, monkeypatch):
    monkeypatch.setattr(settings(), "address_rate", "2/hour")
    answers = [client.get(f"{API}/me", headers={"Authorization": f"Bearer plm_{n}"}) for n in range(3)]
    assert [one.status_code for one in answers] == [401, 401, 429]


def test_a_rate_can_be_off(client, world, monkeypatch):
    monkeypatch.setattr(settings(), "account_rate", "off")
    monkeypatch.setattr(settings(), "address_rate", "off")
    answers = [client.get(f"{API}/me", headers=world.token(world.person())) for _ in range(5)]
    assert {one.status_code for one in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_without_redis_this_process_counts_and_does_not_ask_again_at_once(client, world, monkeypatch):
    asked = []

    def away(*_: object, **__: object) -> int:
        asked.append(1)
        raise RedisConnectionError

    monkeypatch.setattr(rates._redis(), "incr", away)
    headers = world.token(world.person())
    answers = [client.get(f"{API}/me", headers=headers) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["login_rate", "signup_rate", "account_rate", "address_rate"])
def test_a_rate_that_is_none_is_refused_at_the_start(name):
    with pytest.raises(ValueError, match=name):
        Settings(**{name: "often"})
    assert getattr(Settings(**{name: "5/second"}), name) == "5/second"
