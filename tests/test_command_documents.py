"""Every document that `--json` prints, by a real server over real HTTP, is what its published JSON Schema says.

The schemas let new keys come; here they may not, so that what is printed is also written down.
"""

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import uvicorn
from jsonschema import Draft202012Validator

from app import __version__, health
from app.client import main
from app.client.schemas import by_command
from app.competitions import people
from app.main import create_app
from app.middleware import OLDEST_CLIENT
from app.settings import settings
from tests.conftest import ROOT, TRUTH
from tests.leaderboards.test_ranking import score

OPEN = {"report", "failure"}
"""Documents with keys that are named by plans and problems."""
# Who runs what, in this order; `{one}` and so on come from earlier documents.
ACTS = """
olga: doctor
olga: competition apply {bundle} --dry-run
olga: competition set pairs team_size=3 overall={{}}
ada: whoami
ada: competitions
cy: join pairs --accept-terms
ada: validate {good} --competition pairs/main
ada: validate {bad}
ada: submit pairs {good} -m first --no-check
ada: cancel {sent}
ada: status {scored}
ada: watch {scored} --fail-under final=0.95
ada: explain {scored}
ada: diff {scored} {other}
ada: submissions pairs
ada: limits pairs/main
ada: leaderboard pairs/main
ada: leaderboard pairs --overall
ada: phase list pairs
ada: withdraw {other} --yes
olga: disqualify {scored} --reason Copied.
olga: reinstate {scored}
ada: team create pairs Peepers
ada: team list pairs
ada: team show pairs
ada: team rename pairs Others
ada: team invite pairs ben
ben: team invitations
ben: team decline {invitation}
ada: team invite pairs cy
ada: team withdraw {invitation}
ada: team invite pairs ben
ben: team accept {invitation}
ben: team leave pairs
olga: team remove pairs Others ada
olga: phase extend pairs/main --until 2099-01-01T00:00Z
olga: phase pause pairs/main
olga: phase resume pairs/main
olga: phase freeze pairs/main
olga: phase unfreeze pairs/main
olga: competition freeze pairs
olga: announcement post pairs News {words}
olga: announcement list pairs
olga: participants list pairs
olga: participants deny pairs cy
olga: participants approve pairs cy
olga: participants ban pairs cy
olga: participants unban pairs cy
olga: participants baseline pairs cy
olga: organizers add pairs dan
olga: organizers list pairs
olga: organizers transfer pairs dan
olga: truth put pairs/main {truth}
olga: truth list pairs/main
olga: rescore pairs/main --preview --wait 0
olga: rescore pairs/main --cancel
olga: truth claims export {truth}
olga: score {good} --truth {truth} --device cpu
olga: integrity radar pairs/main
olga: integrity fingerprints pairs/main
olga: integrity accounts pairs
olga: audit pairs
olga: phase close pairs/main
olga: phase publish pairs/main
olga: competition publish pairs
olga: phase open pairs/main
olga: phase carry pairs/final
olga: token create ci
olga: token list
olga: mail list
olga: mail set scored=on
ada: webhook create https://a.example.org/h
ada: webhook list
ada: publisher add pairs --repository ada/model --issuer https://ci.example.org
ada: publisher list
ada: webhook set {hook} --off
ada: webhook rotate {hook}
ada: webhook deliveries {hook}
eve: login --username eve --password-stdin
"""
# These print what others above do (a submission with its mark), or wait for a worker (a message to a webhook).
LEFT_OUT = {"choose", "webhook test", "webhook resend"}


@pytest.fixture
def server(session, world, monkeypatch) -> Iterator[str]:
    """The application behind a real port, on the rolled-back transaction."""
    monkeypatch.setattr(health, "CHECKS", {})  # they ask at the same time, and there is one connection here
    running = uvicorn.Server(uvicorn.Config(create_app(), port=0, log_config=None, lifespan="on"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join(10)


@pytest.fixture
def given(session, world, tmp_path, client) -> dict[str, Any]:
    """People with tokens, two scored submissions, a second phase, files."""
    from app.competitions.models import Phase
    from app.db import now

    persons = {name: world.person(name) for name in ("ada", "ben", "cy", "dan")} | {"olga": world.organizer}
    for name in ("ada", "ben"):
        people.join(session, persons[name], "pairs", accept_terms=True)
    final = Phase(competition_id=world.competition.id, slug="final", name="Final", index=1, plan=world.phase.plan,
                  starts_at=now(session), ends_at=now(session))  # fmt: skip
    final.truth_id, final.carry_from_id = world.phase.truth_id, world.phase.id
    session.add(final)
    account = {"username": "eve", "email": "eve@example.org", "password": "correct horse battery"}
    assert client.post("/api/v1/auth/signup", json=account).status_code == 201
    made = {
        "scored": score(session, world, persons["ada"], 90).ref,
        "other": score(session, world, persons["ada"], 70).ref,
    }
    session.expire_all()
    texts = {
        "good": TRUTH.decode(),
        "bad": '{"id": "p_000", "answer": "C"}\n',
        "truth": TRUTH.decode(),
        "words": "New.",
    }
    for name, text in texts.items():
        made[name] = str(tmp_path / f"{name}.jsonl")
        (tmp_path / f"{name}.jsonl").write_text(text)
    made["bundle"] = str(tmp_path / "bundle")
    assert main.run(["competition", "init", made["bundle"]]) == 0
    tokens = {name: world.token(who)["Authorization"].split()[1] for name, who in persons.items()}
    return {**made, "tokens": tokens}


def closed(schema: Any) -> Any:
    """The schema, where no key may come that it does not name."""
    if isinstance(schema, dict):
        shut = {"additionalProperties": False} if "properties" in schema else {}
        return {**{key: closed(value) for key, value in schema.items()}, **shut}
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


def test_what_commands_print_is_what_their_schemas_say(server, given, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PALMARES_URL", server)
    monkeypatch.setenv("PALMARES_CONFIG", str(tmp_path / "config.json"))
    monkeypatch.setattr(settings(), "oidc_issuers", '{"https://ci.example.org": ""}')
    ran, wrong = set(LEFT_OUT), []
    for line in ACTS.strip().splitlines():
        who, _, text = line.partition(": ")
        words = text.format(**given).split()
        monkeypatch.setenv("PALMARES_TOKEN", given["tokens"].get(who, ""))
        monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
        capsys.readouterr()
        code = main.run([*words, "--json"])
        out, err = capsys.readouterr()
        (name,) = (name for name in by_command() if words[: name.count(" ") + 1] == name.split())
        ran.add(name)
        try:
            document = json.loads(out)
        except ValueError:
            wrong.append(f"{text}: exit {code}, no document: {out[:200]} {err[:200]}")
            continue
        kind = "failure" if "error" in document else by_command()[name]
        schema = json.loads((ROOT / "docs" / "schemas" / f"{kind}.json").read_text())
        if kind == "failure":
            wrong.append(f"{text}: {document['error']}")
        strict = schema if kind in OPEN else closed(schema)
        wrong += [
            f"{text}: {one.json_path}: {one.message[:300]}"
            for one in Draft202012Validator(strict).iter_errors(document)
        ]
        given |= {"invitation": document["ref"]} if name == "team invite" else {}
        given |= {"hook": document["ref"]} if name == "webhook create" else {}
        given |= {"sent": document["ref"]} if name == "submit" else {}
    assert not wrong, "\n".join(wrong)
    assert ran == set(by_command())


def test_the_server_names_the_oldest_client_and_this_one_is_not_older(server) -> None:
    wanted = httpx2.get(f"{server}/api/v1/competitions").headers["palmares-client-min-version"]
    assert wanted == OLDEST_CLIENT
    assert [int(part) for part in wanted.split(".")] <= [int(part) for part in __version__.split(".")]


def test_a_failure_is_a_document_too(server, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PALMARES_URL", server)
    monkeypatch.setenv("PALMARES_TOKEN", "plm_wrong")
    schema = json.loads((ROOT / "docs" / "schemas" / "failure.json").read_text())
    for words, code in ((["whoami"], 4), (["submit"], 2), (["leaderboard", "nothing"], 4)):
        assert main.run([*words, "--json"]) == code
        Draft202012Validator(schema).validate(json.loads(capsys.readouterr().out))
