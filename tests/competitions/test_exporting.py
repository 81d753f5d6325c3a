"""What is exported applies to the same competition, whatever its settings."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import select

from app import storage
from app.competitions import applying, exporting
from app.competitions.bundle import Bundle, PhaseBundle, canonical_truth, read_bundle
from app.competitions.bundle_reader import packed
from app.competitions.models import Competition, Phase
from app.competitions.rules import BoardRule
from app.competitions.service import add_truth
from app.scoring.plan import PRESETS, Plan

TRUTH, IDS = canonical_truth(
    b"".join(b'{"id": "p_%d", "answer": "A", "explanation": "sharper"}\n' % n for n in range(4)), "truth.jsonl"
)
TEXT = some.text(some.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
NUMBER = some.none() | some.integers(1, 1000)
START = datetime(2026, 1, 1, tzinfo=UTC)
BOARDS = [
    {},
    {"counting": "choice", "choices": 2},
    {"ladder": True},
    {"by": {"key": "accuracy"}, "ties": [{"key": "explanation", "direction": "asc"}], "hidden": ["explanation"]},
    {"computed": [{"key": "both", "operation": "rank", "of": ["accuracy", "explanation"]}], "by": {"key": "both"}},
]
PLANS = [
    *PRESETS.values(),
    Plan(weights={"accuracy": 0.25, "explanation.bleu": 0.75}, gate=False, columns=(), note="A: b # c", seed=2**62),
    Plan(columns=("explanation.chrf",), resamples=100),
]
# What a competition or phase goes through, and what others say of it; all else is a setting, and travels.
STATE = {
    "competitions": {"id", "created_at", "organizer_id", "version", "terms_version", "deleted_at"},
    "phases": {"id", "competition_id", "carried_at", "published_at"},
}
ELSEWHERE = {"image_sha256", "starting_kit_sha256", "public_data_sha256", "truth_id", "gate_id", "carry_from_id"}
"""Settings of the rows that a `Bundle` holds as files and slugs."""
KIT = packed({"README.md": b"Hello.", "more/data.csv": b"a,b\n"})


@some.composite
def phase(draw, index):
    names = [f"phase-{earlier}" for earlier in range(index)]
    other = some.none() | some.sampled_from(names) if names else some.none()
    values = {
        "slug": f"phase-{index}",
        "name": draw(TEXT),
        "index": index,
        "description": draw(TEXT),
        "starts_at": START + timedelta(seconds=draw(some.integers(0, 10**7))),
        "ends_at": draw(some.none() | some.just(START + timedelta(days=400))),
        "max_submissions_per_day": draw(NUMBER),
        "max_submissions": draw(NUMBER),
        "limit_window": draw(some.sampled_from(["day", "rolling"])),
        "max_concurrent": draw(NUMBER),
        "max_invalid_per_day": draw(NUMBER),
        "paused": draw(some.booleans()),
        "accept_late": draw(some.booleans()),
        "freeze_hours": draw(NUMBER),
        "publish": draw(some.sampled_from(["end", "manual"])),
        "board": BoardRule.model_validate(draw(some.sampled_from(BOARDS))).model_dump(
            mode="json", exclude_defaults=True
        ),
        "split": draw(some.sampled_from([None, {"share": 0.5, "seed": 7}, {"seed": 0, "items": ["p_1", "p_3"]}])),
        "show_items": draw(some.booleans()),
        "plan": draw(some.sampled_from(PLANS)).model_dump(mode="json"),
    }
    frozen_at = draw(some.none() | some.just(START + timedelta(days=3)))
    if frozen_at is not None:
        values["frozen_at"] = frozen_at
    files = draw(some.sampled_from([{}, {"starting_kit": KIT}, {"starting_kit": KIT, "public_data": KIT}]))
    truth = draw(some.sampled_from([(TRUTH, IDS), (b"", [])]))
    if values["board"].get("ladder") or (not truth[0] and values["split"] and "items" in values["split"]):
        values["split"] = {"share": 0.5, "seed": 7} if values["board"].get("ladder") else None
    return PhaseBundle(values, *truth, files, draw(other), draw(other))


@some.composite
def competition(draw):
    phases = [draw(phase(index)) for index in range(draw(some.integers(1, 3)))]
    overall = [None, {"key": "accuracy", "weights": None}, {"key": "final", "weights": {"phase-0": 1.0}}]
    values = {
        "slug": "any",
        "title": draw(TEXT),
        "description": draw(TEXT),
        "registration_auto_approve": draw(some.booleans()),
        "allowed_emails": draw(some.sampled_from([[], ["@example.org", "ada@example.com"]])),
        "contact_email": "ask@example.org",
        "reward": draw(TEXT),
        "anonymous": draw(some.booleans()),
        "team_size": draw(some.integers(1, 5)),
        "overall": draw(some.sampled_from(overall)),
        "terms": draw(TEXT),
        "pages": [{"title": draw(TEXT), "content": draw(TEXT)}],
    }
    return Bundle(values, phases, draw(some.sampled_from([None, b"\x89PNG\r\n\x1a\n1"])))


@given(competition())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_export_reads_as_what_was_applied(session, world, bundle):
    nested = session.begin_nested()
    done = applying.apply(session, world.organizer, bundle, applying.store(bundle, dry_run=False))
    session.refresh(done.competition)
    again = read_bundle(exporting.export(done.competition, storage.get, truth=True))
    assert again == bundle
    twice = applying.apply(session, world.organizer, again, applying.store(again, dry_run=True))
    assert (twice.created, twice.changes) == (False, [])
    nested.rollback()
    session.expire_all()


@given(competition())
@settings(max_examples=5, deadline=None)
def test_no_setting_is_left_out_above(bundle):
    for model, values in ((Competition, bundle.values), (Phase, bundle.phases[0].values | {"frozen_at": None})):
        columns = set(model.__table__.columns.keys())
        assert columns - STATE[model.__tablename__] - ELSEWHERE == set(values)


def test_a_hidden_leaderboard_stays_hidden_and_what_was_published_by_hand_is_not(session, world):
    world.competition.pages = [{"title": "Overview", "content": "Choose."}]
    world.phase.frozen_at, world.phase.published_at, world.phase.publish = START, START, "manual"
    session.flush()
    (phase,) = read_bundle(exporting.export(world.competition, storage.get, truth=True)).phases
    assert (phase.values["frozen_at"], phase.values["publish"]) == (START, "manual")
    assert "published_at" not in phase.values


def test_only_organizers_export_and_without_truth_it_still_applies(client, world, session):
    path = "/api/v1/competitions/pairs/bundle"
    world.competition.pages = [{"title": "Overview", "content": "Choose."}]
    add_truth(session, world.phase, storage.put(TRUTH), IDS, world.organizer.account_id)
    assert client.get(path, headers=world.token(world.person("other", "organizer"))).status_code == 403
    headers = world.token(world.organizer)
    whole, plain = client.get(path, headers=headers), client.get(f"{path}?truth=false", headers=headers)
    names = [set(zipfile.ZipFile(io.BytesIO(one.content)).namelist()) for one in (whole, plain)]
    assert names[0] - names[1] == {"truth/main.jsonl"}
    world.submit(world.entrant())
    session.commit()
    for one in (whole, plain):
        applied = client.post("/api/v1/competitions", content=one.content, headers=headers).json()
        assert applied["changes"] == []
    assert session.scalar(select(Competition).where(Competition.slug == "pairs")).phases[0].truth.number == 2


@pytest.mark.parametrize("truth", [True, False])
def test_the_log_says_who_fetched_the_truth(client, world, session, truth):
    from app.audit import AuditEvent

    client.get(f"/api/v1/competitions/pairs/bundle?truth={str(truth).lower()}", headers=world.token(world.organizer))
    (row,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "competition.exported"))
    assert (row.actor, row.after) == ("organizer", {"truth": truth})
