"""Commands about teams: create, list, show, rename, invite, invitations, accept, decline, withdraw, leave, remove.

A command that changes one's own team finds it by itself: in a competition, everybody is in one team at most.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from . import show
from .exits import Problem
from .http import Client, opened
from .options import Json, Slug
from .target import ref_of, slug_of

Name = Annotated[str, typer.Argument(metavar="NAME", help="The team's name.", show_default=False)]
User = Annotated[str, typer.Argument(metavar="USER", help="User name of the participant.", show_default=False)]
Invitation = Annotated[
    str, typer.Argument(metavar="REF", help="The invitation, such as inv_7h3k9q2m.", show_default=False)
]


def team_create(slug: Slug, name: Name, as_json: Json = False) -> None:
    """Make a team, with yourself as its lead."""
    with opened(signed_in=True) as client:
        _print(client.post(_teams(slug), {"name": name}), as_json)


def team_list(slug: Slug, as_json: Json = False) -> None:
    """List the teams of a competition.

    Where names are hidden, only your own.
    """
    with opened() as client:
        found = client.get(_teams(slug))
    if as_json:
        show.document({"competition": slug_of(slug), "items": found})
        return
    show.table(
        ["team", "name", "lead", "members", "yours"],
        [
            (one["ref"], one["name"], one["lead"], ", ".join(one["members"]), "yes" if one["mine"] else "")
            for one in found
        ],
    )


def team_show(
    slug: Slug,
    team: Annotated[
        str, typer.Argument(metavar="[TEAM]", help="Its reference, or its name.", show_default="yours")
    ] = "",
    as_json: Json = False,
) -> None:
    """Show a team.

    Lead and members; of yours, the open invitations too.
    """
    with opened(signed_in=not team) as client:
        found = _team(client, slug, team) if team else _mine(client, slug)
    _print(found, as_json)


def team_rename(slug: Slug, name: Name, as_json: Json = False) -> None:
    """Give your team another name, as its lead."""
    with opened(signed_in=True) as client:
        path = f"{_teams(slug)}/{_mine(client, slug)['ref']}"
        _print(client.ask("PATCH", path, json={"name": name}).document, as_json)


def team_invite(slug: Slug, user: User, as_json: Json = False) -> None:
    """Ask a participant into your team, as its lead.

    Who leads a team brings all of it.
    """
    with opened(signed_in=True) as client:
        path = f"{_teams(slug)}/{_mine(client, slug)['ref']}/invitations"
        asked = client.post(path, {"username": user})
    _print_invitation(asked, as_json)


def team_invitations(as_json: Json = False) -> None:
    """List the open invitations to you."""
    with opened(signed_in=True) as client:
        found = client.get("/me/invitations")
    if as_json:
        show.document({"items": found})
        return
    show.table(
        ["invitation", "competition", "team", "to", "when"],
        [
            (one["ref"], one["competition"], one["team_name"], one["participant"], show.moment(one["created_at"]))
            for one in found
        ],
    )


def team_accept(ref: Invitation, as_json: Json = False) -> None:
    """Join the team that asked.

    If you lead one, all of it joins. What you have used together must fit the limits of one.
    """
    with opened(signed_in=True) as client:
        _print(client.post(f"/invitations/{_invitation(ref)}/accept"), as_json)


def team_decline(ref: Invitation, as_json: Json = False) -> None:
    """Say no to an invitation."""
    with opened(signed_in=True) as client:
        _print_invitation(client.post(f"/invitations/{_invitation(ref)}/decline"), as_json)


def team_withdraw(ref: Invitation, as_json: Json = False) -> None:
    """Take your team's invitation back, as its lead."""
    with opened(signed_in=True) as client:
        _print_invitation(client.post(f"/invitations/{_invitation(ref)}/withdraw"), as_json)


def team_leave(
    slug: Slug,
    lead: Annotated[
        str, typer.Option("--lead", metavar="USER", help="Who leads then.", show_default="the earliest member")
    ] = "",
    as_json: Json = False,
) -> None:
    """Leave your team.

    Your submissions stay yours. The last one to leave ends it.
    """
    with opened(signed_in=True) as client:
        left = _mine(client, slug)
        client.post(f"{_teams(slug)}/{left['ref']}/leave", {"lead": lead or None})
    _done(left, "left", as_json)


def team_remove(
    slug: Slug,
    team: Annotated[str, typer.Argument(metavar="TEAM", help="Its reference, or its name.", show_default=False)],
    user: Annotated[str, typer.Argument(metavar="[USER]", help="Whom to take out of it.", show_default=False)] = "",
    dissolve: Annotated[bool, typer.Option("--dissolve", help="End the team as a whole.")] = False,
    as_json: Json = False,
) -> None:
    """Take a member out of a team, or end the team, as an organizer."""
    if bool(user) == dissolve:
        raise Problem("usage", "Either a member is removed or the team ends.", "Give USER, or --dissolve.")
    with opened(signed_in=True) as client:
        found = _team(client, slug, team)
        path = f"{_teams(slug)}/{found['ref']}"
        client.delete(path if dissolve else f"{path}/members/{ref_of(user)}")
    _done(found, "dissolved" if dissolve else f"without {user}", as_json)


def _teams(slug: str) -> str:
    return f"/competitions/{slug_of(slug)}/teams"


def _invitation(ref: str) -> str:
    try:
        return ref_of(ref)
    except Problem:
        hint = "See `palmares team invitations`."
        raise Problem("usage", f"{ref!r} is not the reference of an invitation.", hint) from None


def _mine(client: Client, slug: str) -> dict[str, Any]:
    """Your team. Raises Problem where you have none."""
    for one in client.get(_teams(slug)):
        if one["mine"]:
            found: dict[str, Any] = one
            return found
    hint = f"Make one (`palmares team create {slug} NAME`), or see `palmares team invitations`."
    raise Problem("team_not_found", f"You are in no team of {slug_of(slug)}.", hint)


def _team(client: Client, slug: str, given: str) -> dict[str, Any]:
    """The team of this reference or name. Raises Problem where there is none."""
    for one in client.get(_teams(slug)):
        if given == one["ref"] or given.casefold() == str(one["name"]).casefold():
            found: dict[str, Any] = one
            return found
    raise Problem("team_not_found", f"{slug_of(slug)} has no team {given!r}.", f"See `palmares team list {slug}`.")


def _print(team: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(team)
        return
    show.out(f"{team['ref']} {show.line(team['name'])}")
    for name in team["members"]:
        show.out(f"  {name}" + (" (lead)" if name == team["lead"] else ""))
    for one in team["invitations"]:
        show.out(f"  invited: {one['participant']} ({one['ref']})")


def _print_invitation(one: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(one)
    else:
        show.out(f"{one['ref']} {one['participant']} to {show.line(one['team_name'])}: {one['state']}")


def _done(team: dict[str, Any], what: str, as_json: bool) -> None:
    if as_json:
        show.document({"team": team["ref"], "name": team["name"], "done": what})
    else:
        show.out(f"{team['ref']} {show.line(team['name'])}: {what}")
