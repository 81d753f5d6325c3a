"""The `palmares` command: all of its commands in one table, with an example each.

Decision: typer, without rich's help pages: plain help is quick, works in every terminal and imports nothing else. What
a command needs beyond the standard library (the HTTP client, tables, the core) it imports when it runs.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from .. import __version__
from . import (
    account,
    announcements,
    auditing,
    boards,
    boundary,
    bundles,
    checking,
    comparing,
    competitions,
    doctor,
    explaining,
    integrity,
    mail,
    marking,
    organizing,
    people,
    phases,
    publishing,
    rescoring,
    scripting,
    starter,
    submissions,
    teams,
    truth,
    webhooks,
)
from .options import with_default_wait

COMMANDS: list[tuple[str, Callable[..., None], str]] = [
    ("login", account.login, "palmares login --url https://palmares.example.org --username ada"),
    ("logout", account.logout, "palmares logout"),
    ("whoami", account.whoami, "palmares whoami --json"),
    ("competitions", competitions.competitions, "palmares competitions"),
    ("join", competitions.join, "palmares join photo-pairs --accept-terms"),
    ("validate", checking.validate, "palmares validate predictions.zip --competition photo-pairs/development"),
    ("score", checking.score, "palmares score predictions.zip --truth train.jsonl --items items.jsonl"),
    ("submit", submissions.submit, 'palmares submit photo-pairs predictions.zip -m "first try" --wait'),
    ("status", submissions.status, "palmares status sub_7h3k9q2m"),
    ("watch", submissions.watch, "palmares watch sub_7h3k9q2m --wait 120"),
    ("explain", explaining.explain, "palmares explain sub_7h3k9q2m --limit 20"),
    ("submissions", submissions.submissions, "palmares submissions photo-pairs --state scored"),
    ("limits", competitions.limits, "palmares limits photo-pairs"),
    ("leaderboard", boards.leaderboard, "palmares leaderboard photo-pairs/final --format csv"),
    ("diff", comparing.diff, "palmares diff sub_7h3k9q2m sub_4f8s2k1p"),
    ("cancel", submissions.cancel, "palmares cancel sub_7h3k9q2m"),
    ("choose", marking.choose, "palmares choose sub_7h3k9q2m"),
    ("withdraw", marking.withdraw, "palmares withdraw sub_7h3k9q2m --yes"),
    ("disqualify", marking.disqualify, 'palmares disqualify sub_7h3k9q2m --reason "trained on the test set"'),
    ("reinstate", marking.reinstate, "palmares reinstate sub_7h3k9q2m"),
    ("team create", teams.team_create, 'palmares team create photo-pairs "Pixel Peepers"'),
    ("team list", teams.team_list, "palmares team list photo-pairs"),
    ("team show", teams.team_show, "palmares team show photo-pairs"),
    ("team rename", teams.team_rename, 'palmares team rename photo-pairs "The Peepers"'),
    ("team invite", teams.team_invite, "palmares team invite photo-pairs ben"),
    ("team invitations", teams.team_invitations, "palmares team invitations"),
    ("team accept", teams.team_accept, "palmares team accept inv_7h3k9q2m"),
    ("team decline", teams.team_decline, "palmares team decline inv_7h3k9q2m"),
    ("team withdraw", teams.team_withdraw, "palmares team withdraw inv_7h3k9q2m"),
    ("team leave", teams.team_leave, "palmares team leave photo-pairs --lead ben"),
    ("team remove", teams.team_remove, 'palmares team remove photo-pairs "Pixel Peepers" ben'),
    ("phase list", competitions.phase_list, "palmares phase list photo-pairs"),
    ("phase open", phases.phase_open, "palmares phase open photo-pairs/final --until 2026-04-01T00:00Z"),
    ("phase close", phases.phase_close, "palmares phase close photo-pairs/development"),
    ("phase extend", phases.phase_extend, "palmares phase extend photo-pairs/development --until +2d"),
    ("phase pause", phases.phase_pause, "palmares phase pause photo-pairs/development"),
    ("phase resume", phases.phase_resume, "palmares phase resume photo-pairs/development"),
    ("phase freeze", phases.phase_freeze, "palmares phase freeze photo-pairs/development"),
    ("phase unfreeze", phases.phase_unfreeze, "palmares phase unfreeze photo-pairs/development"),
    ("phase publish", phases.phase_publish, "palmares phase publish photo-pairs/final"),
    ("phase carry", phases.phase_carry, "palmares phase carry photo-pairs/final"),
    ("announcement list", announcements.announcement_list, "palmares announcement list photo-pairs"),
    (
        "announcement post",
        announcements.announcement_post,
        'palmares announcement post photo-pairs "New starting kit" news.md --mail',
    ),
    (
        "announcement delete",
        announcements.announcement_delete,
        "palmares announcement delete photo-pairs ann_7h3k9q2mab",
    ),
    ("participants list", people.participants_list, "palmares participants list photo-pairs --status pending"),
    ("participants approve", people.approve, "palmares participants approve photo-pairs ada grace"),
    ("participants deny", people.deny, 'palmares participants deny photo-pairs eve --reason "The course is full."'),
    ("participants ban", people.ban, 'palmares participants ban photo-pairs eve --reason "Several accounts."'),
    ("participants unban", people.unban, "palmares participants unban photo-pairs eve"),
    ("participants baseline", people.baseline, "palmares participants baseline photo-pairs starter"),
    ("organizers list", people.organizers_list, "palmares organizers list photo-pairs"),
    ("organizers add", people.organizers_add, "palmares organizers add photo-pairs grace"),
    ("organizers remove", people.organizers_remove, "palmares organizers remove photo-pairs grace"),
    ("organizers transfer", people.organizers_transfer, "palmares organizers transfer photo-pairs grace"),
    ("audit", auditing.audit, "palmares audit photo-pairs --since 2026-11-01 --format csv"),
    ("competition init", starter.init, "palmares competition init my-competition/"),
    ("competition apply", bundles.apply, "palmares competition apply my-competition/ --dry-run"),
    ("competition export", bundles.export, "palmares competition export photo-pairs -o my-copy/"),
    ("competition archive", bundles.archive, "palmares competition archive photo-pairs -o photo-pairs-2026.zip"),
    (
        "competition set",
        organizing.competition_set,
        "palmares competition set photo-pairs/final max_submissions_per_day=3 gate=development",
    ),
    ("competition freeze", organizing.competition_freeze, "palmares competition freeze photo-pairs"),
    ("competition publish", organizing.competition_publish, "palmares competition publish photo-pairs"),
    ("competition delete", organizing.competition_delete, "palmares competition delete photo-pairs --yes"),
    ("competition restore", organizing.competition_restore, "palmares competition restore photo-pairs"),
    (
        "rescore",
        rescoring.rescore,
        'palmares rescore photo-pairs/final --preview --truth truth.jsonl --reason "s_017 was the wrong way round."',
    ),
    ("truth put", rescoring.truth_put, "palmares truth put photo-pairs/final truth.jsonl"),
    ("truth list", rescoring.truth_list, "palmares truth list photo-pairs/final"),
    ("truth claims export", truth.claims_export, "palmares truth claims export truth.jsonl > claims.csv"),
    (
        "truth claims import",
        truth.claims_import,
        "palmares truth claims import truth.jsonl claims.csv -o corrected.jsonl",
    ),
    ("integrity radar", integrity.radar, "palmares integrity radar photo-pairs/development"),
    (
        "integrity fingerprints",
        integrity.fingerprints,
        "palmares integrity fingerprints photo-pairs/development --json",
    ),
    ("integrity accounts", integrity.accounts, "palmares integrity accounts photo-pairs"),
    ("publisher add", publishing.publisher_add, "palmares publisher add photo-pairs --repository ada/model"),
    ("publisher list", publishing.publisher_list, "palmares publisher list"),
    ("publisher remove", publishing.publisher_remove, "palmares publisher remove pub_7h3k9q2mab"),
    ("token create", account.token_create, "palmares token create ci --scope read --scope submit --days 30"),
    ("token list", account.token_list, "palmares token list"),
    ("token revoke", account.token_revoke, "palmares token revoke tok_4f8s2k1p"),
    ("mail list", mail.mail_list, "palmares mail list"),
    ("mail set", mail.mail_set, "palmares mail set scored=on announcement=off"),
    ("open", scripting.open_page, "palmares open sub_7h3k9q2m"),
    ("api", scripting.api, "palmares api GET /competitions?limit=5"),
    ("completion", scripting.completion, "palmares completion bash"),
    (
        "webhook create",
        webhooks.webhook_create,
        "palmares webhook create https://ci.example.org/palmares --event submission.scored",
    ),
    ("webhook list", webhooks.webhook_list, "palmares webhook list --competition photo-pairs"),
    ("webhook set", webhooks.webhook_set, "palmares webhook set whk_7h3k9q2mab --on"),
    ("webhook rotate", webhooks.webhook_rotate, "palmares webhook rotate whk_7h3k9q2mab"),
    ("webhook delete", webhooks.webhook_delete, "palmares webhook delete whk_7h3k9q2mab"),
    ("webhook test", webhooks.webhook_test, "palmares webhook test whk_7h3k9q2mab"),
    ("webhook deliveries", webhooks.webhook_deliveries, "palmares webhook deliveries whk_7h3k9q2mab"),
    ("webhook resend", webhooks.webhook_resend, "palmares webhook resend whk_7h3k9q2mab msg_4f8s2k1pqr"),
    ("doctor", doctor.doctor, "palmares doctor"),
]
"""Name, function and example of every command, in the order of `palmares --help`."""

GROUPS = {
    "team": "Teams of a competition.",
    "phase": "Phases of a competition.",
    "announcement": "What organizers announce.",
    "competition": "Competitions, for organizers.",
    "participants": "Who takes part, for organizers.",
    "organizers": "Who organizes a competition.",
    "truth": "The ground truth, for organizers.",
    "truth claims": "What the references claim, and in which direction.",
    "integrity": "Doubtful labels and likenesses, for organizers.",
    "publisher": "CI jobs that may submit for you.",
    "token": "API tokens, for CI and other machines.",
    "mail": "Which mail you get.",
    "webhook": "Signed messages to an address of yours.",
}


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"palmares {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show each request, and tracebacks.")] = False,
) -> None:
    """Enter competitions, check and score submissions, send them and see where they stand.

    The server is PALMARES_URL, the token PALMARES_TOKEN, or what `palmares login` kept.
    """
    boundary.run.set_debug(debug)


def build() -> typer.Typer:
    """The command tree."""
    app = typer.Typer(name="palmares", rich_markup_mode=None, context_settings={"max_content_width": 100})
    app.callback(epilog=_epilog("palmares submit photo-pairs predictions.zip --wait"))(options)
    groups: dict[str, typer.Typer] = {"": app}
    for name, function, example in COMMANDS:
        *path, verb = name.split(" ")
        for depth, word in enumerate(path, start=1):
            group, parent = " ".join(path[:depth]), " ".join(path[: depth - 1])
            if group not in groups:
                groups[group] = typer.Typer(help=GROUPS[group], epilog=_epilog(example), rich_markup_mode=None)
                groups[parent].add_typer(groups[group], name=word)
        groups[" ".join(path)].command(verb, epilog=_epilog(example))(function)
    return app


def _epilog(example: str) -> str:
    return f"\b\nExample:\n  {example}"  # \b keeps the lines as they are


def run(arguments: Sequence[str]) -> int:
    """Run one command line to its exit code."""
    command = typer.main.get_command(build())
    words = with_default_wait(list(arguments) or ["--help"])
    boundary.run.begin(json="--json" in words)
    try:
        return boundary.guarded(lambda: command.main(args=words, prog_name="palmares", standalone_mode=False))
    finally:
        boundary.run.end()


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, io.UnsupportedOperation):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal that cannot show ± gets a ?
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
