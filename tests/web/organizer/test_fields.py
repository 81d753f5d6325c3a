"""Fields from the schema: the right kind for each type, and only real changes are taken."""

import pytest

from app.competitions.bundle_schema import CompetitionIn, PhaseIn, TaskIn
from app.errors import Refused
from app.web.organizer import drafts, fields

KINDS = {
    "title": "line", "description": "area", "contact_email": "line", "reward": "line", "allowed_emails": "lines",
    "registration_auto_approve": "check", "anonymous": "check", "team_size": "number", "overall": "yaml",
}  # fmt: skip


def test_each_key_has_its_kind_a_title_and_help():
    found = [
        *fields.widgets(CompetitionIn, drafts.GENERAL, {}),
        *fields.widgets(PhaseIn, drafts.PHASE, {}),
        *fields.widgets(TaskIn, drafts.TASK, {}),
    ]
    assert {one.key: one.kind for one in found[: len(drafts.GENERAL)]} == {key: KINDS[key] for key in drafts.GENERAL}
    assert all(one.help and one.label != one.key for one in found)
    assert "%" not in "".join(one.help for one in found)  # texts go through gettext


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("start", "2026-01-01T10:00", "2026-01-01T10:00:00+00:00"),
        ("max_submissions", "7", 7),
        ("max_submissions", "", None),
        ("max_submissions", "many", "many"),
        ("paused", "yes", True),
        ("publish", "manual", "manual"),
        ("gate", "", None),
        ("board", "counting: latest", {"counting": "latest"}),
        ("description", "a\r\nb", "a\nb"),
    ],
)
def test_what_a_form_changes(key, given, value):
    [one] = fields.widgets(PhaseIn, [key], {"max_submissions": 100, "gate": "first"}, "p-", {"gate": ["first"]})
    assert fields.changed([one], {"p-" + key: given}) == {key: value}
    assert fields.changed([one], {"p-" + key: one.value}) == {}


def test_yaml_that_is_none_is_refused():
    with pytest.raises(Refused, match="this is not YAML"):
        fields.changed(fields.widgets(PhaseIn, ["board"], {}), {"board": "a: ["})
