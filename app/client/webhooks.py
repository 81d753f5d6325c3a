"""Commands about webhooks: webhook create, list, set, rotate, delete, test, deliveries, resend."""

from __future__ import annotations

from time import sleep
from typing import Annotated, Any

import typer

from . import exits, show
from .exits import Problem
from .http import Client, opened
from .options import Json
from .target import ref_of, slug_of

TEST_SECONDS = 30

Of = Annotated[
    str,
    typer.Option("--competition", metavar="SLUG", help="That of a competition, for organizers.", show_default=False),
]
Hook = Annotated[str, typer.Argument(metavar="REF", help="The webhook, as in `webhook list`.", show_default=False)]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="EVENT", help="An event to be told of; may be repeated.", show_default=False),
]


def webhook_create(
    url: Annotated[str, typer.Argument(metavar="URL", help="An https:// address.", show_default=False)],
    event: Events = None,
    competition: Of = "",
    as_json: Json = False,
) -> None:
    """Make a webhook. Its secret is printed this once and never shown again.

    It is told of your own submissions and of the competitions you take part in; with --competition, of all of that
    competition. Without --event, of every event.
    """
    with opened(signed_in=True) as client:
        made = client.post(_path(competition), {"url": url, **({"events": event} if event else {})})
    _secret(made, as_json)


def webhook_list(competition: Of = "", as_json: Json = False) -> None:
    """List webhooks, without secrets."""
    with opened(signed_in=True) as client:
        items = client.all(_path(competition))
    if as_json:
        show.document({"items": items})
        return
    rows = [(item["ref"], item["url"], ", ".join(item["events"]), item["disabled"] or "on") for item in items]
    show.table(["ref", "address", "events", "state"], rows)


def webhook_set(
    ref: Hook,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The new address.", show_default=False)] = "",
    event: Events = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.", show_default=False)] = None,
    competition: Of = "",
    as_json: Json = False,
) -> None:
    """Change a webhook's address or events, or switch it off or on again."""
    given = {"url": url or None, "events": event or None, "active": on}
    with opened(signed_in=True) as client:
        changes = {name: value for name, value in given.items() if value is not None}
        done = client.ask("PATCH", _path(competition, ref), json=changes, again=True).document
    if as_json:
        show.document(done)
        return
    show.out(f"{done['ref']} {done['disabled'] or 'on'}")


def webhook_rotate(ref: Hook, competition: Of = "", as_json: Json = False) -> None:
    """Give a webhook a new secret, printed this once; for a day the old one signs too."""
    with opened(signed_in=True) as client:
        made = client.post(f"{_path(competition, ref)}/rotate")
    _secret(made, as_json)


def webhook_delete(ref: Hook, competition: Of = "") -> None:
    """Delete a webhook, with its log and what waits."""
    with opened(signed_in=True) as client:
        client.delete(_path(competition, ref))
    show.talk(f"deleted {ref}")


def webhook_test(ref: Hook, competition: Of = "", as_json: Json = False) -> None:
    """Send a webhook a `webhook.ping` and say how the receiver answered."""
    with opened(signed_in=True) as client:
        sent = client.post(f"{_path(competition, ref)}/test")
        found = _awaited(client, _path(competition, ref), sent)
    if as_json:
        show.document(found)
        raise typer.Exit(exits.OK if found["state"] == "delivered" else exits.PLATFORM)
    _table([found])
    if found["state"] != "delivered":
        last = found["attempts"][-1] if found["attempts"] else {"status": None, "error": "It still waits to be sent."}
        detail = str(last["error"]) if last["status"] is None else f"The receiver answered {last['status']}."
        raise Problem("webhook_not_delivered", detail, f"Mend it; see `palmares webhook deliveries {ref}`.")


def webhook_deliveries(ref: Hook, competition: Of = "", as_json: Json = False) -> None:
    """Print a webhook's newest messages: how often each was tried and what was answered last."""
    with opened(signed_in=True) as client:
        items = client.get(f"{_path(competition, ref)}/deliveries")["items"]
    if as_json:
        show.document({"items": items})
        return
    _table(items)


def webhook_resend(
    ref: Hook,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As in `webhook deliveries`.", show_default=False)],
    competition: Of = "",
    as_json: Json = False,
) -> None:
    """Send a message again, with the same id."""
    with opened(signed_in=True) as client:
        sent = client.post(f"{_path(competition, ref)}/deliveries/{ref_of(message)}/resend")
    if as_json:
        show.document(sent)
        return
    show.talk(f"{message} is sent again")


def _path(competition: str, ref: str = "") -> str:
    where = f"/competitions/{slug_of(competition)}/webhooks" if competition else "/me/webhooks"
    return f"{where}/{ref_of(ref)}" if ref else where


def _secret(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.document(made)
        return
    show.talk(f"{made['ref']} tells {made['url']} of {', '.join(made['events'])}")
    show.out(made["secret"])


def _awaited(client: Client, path: str, sent: dict[str, Any]) -> dict[str, Any]:
    """The message once it was tried, or as it is after a while."""
    for _ in range(TEST_SECONDS):
        sleep(1)
        for one in client.get(f"{path}/deliveries")["items"]:
            if one["ref"] == sent["ref"]:
                sent = one
        if sent["attempts"]:
            break
    return sent


def _table(items: list[dict[str, Any]]) -> None:
    rows = []
    for item in items:
        last = item["attempts"][-1] if item["attempts"] else None
        answer = "" if last is None else str(last["status"] or last["error"])
        took = "" if last is None else f"{last['milliseconds']} ms"
        when = show.moment(item["created_at"], seconds=True)
        rows.append((item["ref"], item["event"], when, item["state"], str(item["tries"]), answer, took))
    show.table(["message", "event", "at", "state", "tries", "answer", "took"], rows, right=["tries", "took"])
