"""New competitions by form, bundle and example: shown before they are made; deleted ones come back."""

import io
import re
import zipfile

import pytest
from sqlalchemy import select

from app.competitions.models import Competition
from tests.conftest import TRUTH
from tests.web.organizer.conftest import EVIL

NEW = "/organize/new"


def sha256(html: str) -> str:
    return re.search(r'name="sha256" value="([0-9a-f]{64})"', html)[1]


def filled(**given: str) -> dict[str, str]:
    return {
        "from": "form", "title": "Sharper", "registration_auto_approve": "yes", "phase-name": "Development",
        "phase-start": "2026-01-01T00:00", "phase-end": "2031-01-01T00:00", "phase-max_submissions_per_day": "7",
        "phase-max_submissions": "0", "overview": "# Hello", "terms": "Be kind.",
    } | given  # fmt: skip


def slugs(session) -> set[str]:
    session.expire_all()
    return set(session.scalars(select(Competition.slug)))


def test_by_form_with_its_truth(olga, session):
    shown = olga.post(NEW, files={"truth": ("t.jsonl", TRUTH)}, **filled())
    assert "The competition sharper. Nothing is saved yet." in shown.text
    assert slugs(session) == {"pairs"}
    made = olga.post(f"{NEW}/save", sha256=sha256(shown.text))
    assert made.headers["location"] == "/competitions/sharper/organize?done=created"
    [phase] = session.scalar(select(Competition).where(Competition.slug == "sharper")).phases
    assert (phase.truth.item_ids, phase.max_submissions_per_day, phase.max_submissions) == (["p_000", "s_000"], 7, None)
    again = olga.post(f"{NEW}/save", sha256=sha256(shown.text))
    assert again.status_code == 412
    assert olga.get("/competitions/sharper/organize/settings").status_code == 200


def test_what_is_refused_keeps_what_was_typed(olga, session):
    refused = olga.post(NEW, **filled(title=EVIL, slug="Not A Slug", **{"phase-end": "2020-01-01T00:00"}))
    assert refused.status_code == 422
    assert "Be kind." in refused.text
    assert "2020-01-01T00:00" in refused.text
    taken = olga.post(NEW, **filled(slug="pairs"))
    assert taken.status_code == 412
    assert olga.post(f"{NEW}/save", sha256="../x").status_code == 422
    assert slugs(session) == {"pairs"}


def test_hostile_words_become_a_competition_and_stay_words(olga, session):
    shown = olga.post(NEW, **filled(title=EVIL.replace("\u202e", ""), slug="evil", overview=EVIL, terms=EVIL))
    olga.post(f"{NEW}/save", sha256=sha256(shown.text))
    for path in ("/organize", "/competitions/evil/organize", "/competitions/evil/organize/settings"):
        assert olga.get(path).status_code == 200
    assert olga.get("/competitions/evil/organize/settings", how="yaml").status_code == 200


def test_from_the_example_and_from_a_bundle(olga, session):
    shown = olga.post(NEW, **{"from": "example", "example-title": "My first one", "example-slug": ""})
    assert (
        olga.post(f"{NEW}/save", sha256=sha256(shown.text))
        .headers["location"]
        .startswith("/competitions/my-first-one/")
    )
    packed = olga.get("/api/v1/competitions/my-first-one/bundle").content
    other = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"slug: my-first-one", b"slug: my-second-one"))
    shown = olga.post(NEW, files={"bundle": ("b.zip", other.getvalue())}, **{"from": "bundle"})
    olga.post(f"{NEW}/save", sha256=sha256(shown.text))
    assert slugs(session) == {"pairs", "my-first-one", "my-second-one"}
    assert olga.post(NEW, files={"bundle": ("b.zip", b"none")}, **{"from": "bundle"}).status_code == 422
    assert olga.post(NEW, **{"from": "bundle"}).status_code == 422


def test_deleted_and_restored(olga, browser, world, session):
    assert "Are you sure?" in olga.post("/competitions/pairs/organize/settings/delete").text
    gone = olga.post("/competitions/pairs/organize/settings/delete", confirmed="yes")
    assert gone.headers["location"] == "/organize?done=deleted"
    assert "It can be restored until" in olga.get("/organize").text
    assert olga.get("/competitions/pairs").status_code == 404
    assert browser(world.person()).post("/organize/pairs/restore").status_code == 404
    assert olga.post("/organize/pairs/restore").headers["location"] == "/competitions/pairs/organize?done=restored"
    assert olga.get("/competitions/pairs").status_code == 200


@pytest.mark.parametrize("path", [NEW, f"{NEW}/save"])
def test_only_the_role_organizer_makes_competitions(browser, world, path):
    nobody = browser(world.person())
    assert nobody.get(NEW).status_code == 403
    assert nobody.post(path, **filled()).status_code == 403
    assert "ask an administrator" in nobody.get("/organize").text
