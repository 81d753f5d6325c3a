"""The OpenAPI document is true: whatever schemathesis makes of it, the server answers as the document says.

Every operation is called as organizer, as participant and by nobody; each call is rolled back, so that each meets the
same world. `PALMARES_FUZZ_EXAMPLES=100` makes it longer.
"""

import json
import os
from datetime import timedelta
from itertools import cycle
from types import SimpleNamespace

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from sqlalchemy import text

from app.accounts import service as accounts
from app.announcements.models import Announcement
from app.competitions import people, publishing
from app.competitions.models import Invitation, Phase, Team
from app.db import now
from app.leaderboards import service as leaderboards
from app.main import API, create_app
from app.settings import settings as configured
from app.submissions import evaluation as machine
from app.submissions import rescoring, uploads
from app.submissions.models import Evaluation
from app.webhooks import service as webhooks
from app.webhooks.service import Owner
from tests.leaderboards.test_service import score

ISSUER = "https://ci.example.org"
SHORT = 3
EXAMPLES = int(os.environ.get("PALMARES_FUZZ_EXAMPLES", SHORT))
# What a path's parameter may name, by the word before it. Of refs only the words are known here, and the refs later.
KNOWN = {
    "competitions": ["pairs"],
    "phases": ["main", "final"],
    "participants": ["ada", "ben"],
    "organizers": ["ada", "co"],
    "members": ["ben"],
    "submissions": ["scored", "invalid"],
    "uploads": ["upload"],
    "publishers": ["publisher"],
    "teams": ["team"],
    "invitations": ["invitation"],
    "announcements": ["announcement"],
    "rescores": ["rescore"],
    "tokens": ["token"],
    "accounts": ["ada", "ben"],
    "password-reset": ["of-nobody"],
    "email": ["of-nobody"],
    "webhooks": ["webhook", "own webhook"],
    "deliveries": ["message", "own message"],
}


def document() -> dict:
    """The document, where a path's parameters are often something that exists."""
    document = create_app().openapi()
    for path, operations in document["paths"].items():
        words = path.split("/")
        for operation in operations.values():
            for one in operation.get("parameters", []):
                if one["in"] == "path":
                    before = words[words.index(f"{{{one['name']}}}") - 1]
                    one["schema"] = {"anyOf": [{"enum": KNOWN[before]}, one["schema"]]}
    return document


@schemathesis.serializer("application/zip")
def as_bytes(_, value) -> bytes:
    """A raw body, as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


app = create_app()
# /readyz answers 503 where no worker lives, as here.
schema = schemathesis.openapi.from_dict(document()).exclude(path="/readyz")
schema.app = app
# A sentence of a schema cannot say everything: such requests are refused by what they mean or by what they are made of.
schema.config.checks.positive_data_acceptance.expected_statuses += ["412", "413", "415", "422", "428"]
schema.config.checks.negative_data_rejection.expected_statuses += ["412"]


@pytest.fixture
def place(world, session, tmp_path, monkeypatch):
    """ada has one scored and one invalid submission, ben leads a team and invites ada, co co-organizes, and so on."""
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))  # drawing examples may take a while
    ada, ben, _ = (world.person(name) for name in ("ada", "ben", "co"))
    mine, other = (people.join(session, who, "pairs", accept_terms=True) for who in (ada, ben))
    people.add_organizer(session, world.organizer, "pairs", "co")
    here = world.competition.id
    team = Team(ref="team_1", competition_id=here, name="T", lead_id=other.id)
    final = Phase(
        competition_id=here, slug="final", name="Final", index=1, starts_at=now(session), plan=world.phase.plan
    )
    final.truth_id, final.carry_from_id = world.phase.truth_id, world.phase.id
    monkeypatch.setattr(configured(), "uploads_dir", tmp_path)
    monkeypatch.setattr(configured(), "oidc_issuers", json.dumps({ISSUER: "http://127.0.0.1:9/keys"}))
    upload = uploads.announce(session, ada, "pairs", "main", 10, "p.jsonl", None, "")
    session.add_all([team, final])
    session.flush()
    other.team_id = team.id
    session.add(Invitation(ref="inv_1", team_id=team.id, participation_id=mine.id, invited_by=ben.account_id))
    session.add(Announcement(ref="ann_1", competition_id=here, author_id=ada.account_id, title="News", body="News."))
    done = score(session, world, ada, 0.5)
    leaderboards.place(session, done)
    invalid = world.submit(ada, key="2")
    attempt = machine.claim(session, invalid.evaluation.id, "validate")
    machine.finish(session, invalid.evaluation.id, "validate", attempt, "invalid", findings_total=1)
    session.flush()
    session.expire_all()
    owners = {"": Owner(world.organizer, "pairs"), "own ": Owner(ada)}
    hooks = {key: webhooks.create(session, owner, "https://a.org/", ["phase.opened"]) for key, owner in owners.items()}
    refs = {
        "team": "team_1",
        "invitation": "inv_1",
        "announcement": "ann_1",
        "upload": upload.ref,
        "publisher": publishing.add(session, ada, "pairs", ISSUER, {"repository": "ada/model"}).ref,
        "scored": session.get_one(Evaluation, done).submission.ref,
        "invalid": invalid.ref,
        "rescore": rescoring.start(session, world.organizer, "pairs", "final").ref,
        "token": accounts.create_token(session, ada, "other", ["read"], timedelta(days=1))[0].ref,
        **{f"{key}webhook": hook.ref for key, hook in hooks.items()},
        **{f"{key}message": webhooks.test(session, owners[key], hook.ref).ref for key, hook in hooks.items()},
    }
    callers = [world.token(world.organizer), world.token(ada), {}]
    session.commit()
    return SimpleNamespace(session=session, refs=refs, callers=callers, turns=cycle(callers))


def named(case, place) -> None:
    """Put the world's refs where their words stand."""
    for name, value in (case.path_parameters or {}).items():
        if name in ("ref", "message") and isinstance(value, str):
            case.path_parameters[name] = place.refs.get(value, value)


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_documented(case, place):
    named(case, place)
    connection = place.session.connection()
    # In the short form each case has one caller, the next one its turn.
    for headers in place.callers if EXAMPLES > SHORT else [next(place.turns)]:
        mark = connection.begin_nested()
        try:
            case.call_and_validate(headers=headers)
        finally:
            if mark.is_active:
                mark.rollback()
            place.session.expire_all()


@pytest.mark.parametrize("caller", [0, 1], ids=["organizer", "participant"])
def test_what_an_answer_names_can_be_asked_for(place, caller):
    """Stories of several calls, which schemathesis links by what the answers hold; each begins in the same world."""

    class Story(schema.as_state_machine()):
        def setup(self) -> None:
            self.mark = place.session.connection().begin_nested()

        def teardown(self) -> None:
            if self.mark.is_active:
                self.mark.rollback()
            place.session.expire_all()

        def get_call_kwargs(self, case) -> dict:
            named(case, place)
            return {"headers": place.callers[caller]}

    steps = {"stateful_step_count": 6, "max_examples": 2 * EXAMPLES}
    Story.run(settings=settings(**steps, deadline=None, suppress_health_check=list(HealthCheck)))


def test_every_operation_says_what_it_asks_for_and_what_may_go_wrong():
    document = app.openapi()
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
    ids = []
    for path, operations in document["paths"].items():
        for operation in operations.values():
            ids.append(operation["operationId"])
            if path.startswith(API):
                assert operation["description"], path
                assert {"4XX", "5XX"} <= set(operation["responses"]), path
    assert len(ids) == len(set(ids))
