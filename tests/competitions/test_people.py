"""Who may enter, who is kept out and told why, and who organizes."""

import pytest
from sqlalchemy import select

from app.audit import AuditEvent
from app.competitions import errors, people, service
from app.competitions.models import Competition
from app.errors import Denied


@pytest.mark.parametrize(
    ("allowed", "email", "fits"),
    [
        ([], "ada@example.org", True),
        (["ada@example.org"], "ADA@example.org", True),
        (["ada@example.org"], "eve@example.org", False),
        (["@Example.org"], "ada@example.org", True),
        (["@example.org"], "ada@sub.example.org", False),
        (["@example.org"], "ada@badexample.org", False),
        (["example.org"], "ada@example.org", False),
    ],
)
def test_the_list_holds_addresses_and_whole_domains(allowed, email, fits):
    assert people.invited(Competition(allowed_emails=allowed), email) is fits


def test_a_list_refuses_others_untold_and_approves_its_own_at_once(world, session):
    world.competition.registration_auto_approve = False
    world.competition.allowed_emails = ["ada@example.org", "@secret.example"]
    assert people.join(session, world.person("ada"), "pairs", accept_terms=True).status == "approved"
    with pytest.raises(errors.NotInvited) as refused:
        people.join(session, world.person("eve"), "pairs", accept_terms=True)
    assert "ada" not in str(refused.value.as_problem())
    assert "secret" not in str(refused.value.as_problem())


def test_changed_terms_must_be_accepted_again(world, session):
    who = world.entrant()
    world.competition.terms_version = 2
    session.flush()
    assert [row["terms_accepted"] for row in people.mine(session, who.account_id)] == [False]
    with pytest.raises(errors.TermsChanged):
        world.submit(who)
    with pytest.raises(errors.TermsNotAccepted):
        people.join(session, who, "pairs", accept_terms=False)
    assert people.join(session, who, "pairs", accept_terms=True).terms_version == 2
    world.submit(who)


def test_a_ban_is_told_with_its_reason_and_can_be_lifted(world, session):
    who = world.entrant()
    ban = {"status": "banned", "reason": "Two accounts."}
    assert people.decide(session, world.organizer, "pairs", who.username, ban)[1] is True
    assert people.decide(session, world.organizer, "pairs", who.username, ban)[1] is False
    with pytest.raises(errors.Banned, match=r"Two accounts\."):
        world.submit(who)
    assert people.join(session, who, "pairs", accept_terms=True).status == "banned"
    row, moved = people.decide(session, world.organizer, "pairs", who.username, {"status": "approved"})
    assert (row.reason, moved) == ("", True)
    world.submit(who)
    kept = session.scalars(select(AuditEvent).where(AuditEvent.target == who.username).order_by(AuditEvent.id)).all()
    assert [event.action for event in kept] == ["participant.banned", "participant.approved"]
    assert kept[0].before == {"status": "approved", "reason": ""}
    assert kept[0].after == ban


def test_co_organizers_act_here_only_and_do_not_compete(world, session):
    co, stranger = world.entrant(), world.entrant()
    with pytest.raises(Denied):
        people.organized(session, co, "pairs")
    people.add_organizer(session, world.organizer, "pairs", co.username)
    assert people.organized(session, co, "pairs") is world.competition
    assert service.participation_of(session, world.competition, co.account_id).baseline is True
    with pytest.raises(errors.OrganizersDoNotCompete):
        people.decide(session, world.organizer, "pairs", co.username, {"baseline": False})
    with pytest.raises(errors.OrganizersDoNotCompete):
        people.decide(session, co, "pairs", co.username, {"status": "banned"})
    for act in (people.add_organizer, people.remove_organizer, people.transfer):
        with pytest.raises(Denied):
            act(session, co, "pairs", stranger.username)
    world.session.add(Competition(slug="other", title="Other", organizer_id=world.organizer.account_id, pages=[]))
    world.session.flush()
    with pytest.raises(Denied):
        people.organized(session, co, "other")
    people.remove_organizer(session, world.organizer, "pairs", co.username)
    with pytest.raises(Denied):
        people.organized(session, co, "pairs")


def test_ownership_goes_to_a_co_organizer_and_the_old_owner_stays_one(world, session):
    co = world.person("co")
    with pytest.raises(errors.OrganizerNotFound):
        people.transfer(session, world.organizer, "pairs", "co")
    people.add_organizer(session, world.organizer, "pairs", "co")
    competition = people.transfer(session, world.organizer, "pairs", "co")
    assert competition.organizer.username == "co"
    assert [row.account.username for row in competition.organizers] == ["organizer"]
    with pytest.raises(Denied):
        people.remove_organizer(session, world.organizer, "pairs", "organizer")
    people.remove_organizer(session, co, "pairs", "organizer")


def test_a_read_token_of_the_owner_organizes_nothing(world, session):
    from dataclasses import replace

    with pytest.raises(Denied):
        people.add_organizer(session, replace(world.organizer, scopes=frozenset({"read"})), "pairs", "organizer")
