"""Administrators' pages: who comes in, roles and doors, retries, and no secret on the page of settings."""

import pytest
from sqlalchemy import select

from app.accounts.models import Account
from app.competitions.models import Competition
from app.db import now
from app.settings import Settings, knobs
from app.submissions.models import Heartbeat
from tests.web.organizer.conftest import EVIL, Browser


@pytest.fixture
def root(client, session, world):
    return Browser(client, session, world.person("root", "admin"))


@pytest.mark.parametrize("path", ["/admin", "/admin/accounts", "/admin/settings", "/admin/audit"])
def test_administrators_alone_come_in(client, session, world, root, path):
    assert root.get(path).status_code == 200
    assert Browser(client, session, world.organizer).get(path).status_code == 403
    client.cookies.clear()
    assert client.get(path, follow_redirects=False).headers["location"] == f"/login?next={path}"


def test_roles_and_doors_after_a_question(client, session, world, root):
    world.person("ada")
    session.commit()

    def ada() -> Account:
        session.expire_all()
        return session.scalar(select(Account).where(Account.username == "ada"))

    here = "/admin/accounts/ada"
    assert "Give ada the role organizer?" in root.post(here, act="role", role="organizer").text
    assert ada().role == "participant"
    assert "done=saved" in root.post(here, act="role", role="organizer", confirmed="yes").headers["location"]
    assert ada().role == "organizer"
    root.post(here, act="disable", confirmed="yes")
    assert not ada().active
    assert "disabled" in root.get("/admin/accounts", search="ada", state="disabled").text
    root.post(here, act="enable", confirmed="yes")
    assert ada().active
    assert root.post(here, act="role", role=EVIL, confirmed="yes").status_code == 422
    assert root.post(here, act=EVIL).status_code == 422
    assert root.post("/admin/accounts/root", act="disable", confirmed="yes").status_code == 409
    assert root.post("/admin/accounts/nobody", act="disable", confirmed="yes").status_code == 404
    assert "account.disabled" in root.get("/admin/audit", actor="root").text
    assert root.get("/admin/audit", since="odd").status_code == 422


def test_the_work_with_hostile_words_and_a_retry(client, session, world, root):
    session.add(Heartbeat(worker=EVIL, queue="score", seen_at=now(session), detail=EVIL, device="cpu", model="ab" * 32))
    failed = world.submit(world.entrant())
    row = failed.evaluation
    row.state, row.finished_at, row.problem = "failed", now(session), {"code": "x", "title": EVIL, "detail": EVIL}
    session.commit()
    html = root.get("/admin").text
    assert failed.ref in html
    assert "abababababab" in html
    assert "Are you sure?" in root.post(f"/admin/retry/{failed.ref}").text
    assert root.post(f"/admin/retry/{failed.ref}", confirmed="yes").headers["location"] == "/admin?done=retried"
    assert root.post(f"/admin/retry/{failed.ref}", confirmed="yes").status_code == 409
    world.competition.deleted_at = now(session)
    session.commit()
    assert failed.ref not in root.get("/admin").text
    assert session.scalar(select(Competition)) is not None


def test_no_secret_is_shown():
    secrets = {
        "database_url": "postgresql://palmares:s3cret@db.example/x", "redis_url": "redis://:s3cret@cache.example/0",
        "smtp_url": "smtp://mail:s3cret@mail.example", "mail_from": "p@example.org", "secret": "s3cret",
        "public_url": "https://p.example", "trace_key": "s3cret", "llm_api_key": "s3cret",
        "storage_url": "s3://bucket/x?secret_access_key=s3cret",
    }  # fmt: skip
    shown = knobs(Settings(**secrets))
    assert "s3cret" not in str(shown)
    by_name = {one.name: one for one in shown}
    assert by_name["PALMARES_DATABASE_URL"].value == "postgresql://palmares:…@db.example/x"
    assert by_name["PALMARES_SECRET"].value == "(set)"
    assert by_name["PALMARES_SECRET"].given
    assert not by_name["PALMARES_PORT"].given
    assert len(shown) == len(Settings.model_fields)
