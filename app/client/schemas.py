"""docs/schemas: a JSON Schema for each document that `--json` prints, made from the types of `documents`:
`python -m app.client.schemas docs/schemas`. Tests hold them to the types, and to what the commands print.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from . import board_documents as b
from . import documents as d
from . import organizing_documents as o
from . import webhook_documents as w

DOCUMENTS: dict[Any, str] = {
    o.Here: "login whoami",
    d.Competitions: "competitions",
    d.Joined: "join",
    d.Validation: "validate",
    d.Report: "score",
    d.Sent: "submit status watch cancel choose withdraw disqualify reinstate",
    d.Explained: "explain",
    d.Submissions: "submissions",
    d.PhaseLimits: "limits",
    b.AnyBoard: "leaderboard",
    d.Comparison: "diff",
    o.Team: "team_create team_show team_rename team_accept",
    o.Teams: "team_list",
    o.Invitation: "team_invite team_decline team_withdraw",
    o.Invitations: "team_invitations",
    o.TeamDone: "team_leave team_remove",
    d.Phases: "phase_list",
    o.Changed: "phase_open phase_close phase_extend phase_pause phase_resume phase_freeze phase_unfreeze phase_publish"
    " competition_set competition_freeze competition_publish",
    o.Carried: "phase_carry",
    o.Announcements: "announcement_list",
    o.AnnouncementMade: "announcement_post",
    o.Participants: "participants_list participants_approve participants_deny participants_ban participants_unban"
    " participants_baseline",
    o.Organizers: "organizers_list organizers_add organizers_transfer",
    o.Audit: "audit",
    o.Applied: "competition_apply",
    o.Rescore: "rescore",
    o.TruthPut: "truth_put",
    o.Truths: "truth_list",
    o.Claims: "truth_claims_export",
    o.Radar: "integrity_radar",
    o.Fingerprints: "integrity_fingerprints",
    o.Accounts: "integrity_accounts",
    o.TokenMade: "token_create",
    o.Tokens: "token_list",
    o.Mail: "mail_list mail_set",
    w.Publisher: "publisher_add",
    w.Publishers: "publisher_list",
    w.Webhook: "webhook_set",
    w.WebhookMade: "webhook_create webhook_rotate",
    w.Webhooks: "webhook_list",
    w.Delivery: "webhook_test webhook_resend",
    w.Deliveries: "webhook_deliveries",
    o.Doctor: "doctor",
    o.Failure: "",
}
"""Each document and the commands that print it, with `_` between the words of one; Failure: any that fails."""


def name_of(document: Any) -> str:
    """The name of a document's file, such as `team-done`."""
    word = "Board" if document is b.AnyBoard else document.__name__
    return re.sub(r"(?<!^)(?=[A-Z])", "-", word).lower()


def by_command() -> dict[str, str]:
    """The document of each command that has `--json`."""
    found: dict[str, str] = {}
    for document, commands in DOCUMENTS.items():
        found |= {command.replace("_", " "): name_of(document) for command in commands.split()}
    return found


def schema(document: Any) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a document."""
    from pydantic import TypeAdapter

    made = TypeAdapter(document).json_schema()
    for one in [made["$defs"][ref["$ref"].rpartition("/")[2]] for ref in made.get("anyOf", [])] or [made]:
        one["properties"] = {"version": {"type": "integer", "minimum": 1}, **one["properties"]}
        one["required"] = ["version", *(name for name in one["required"] if name != "version")]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def write(folder: Path) -> None:
    """Write all of them, and remove what is none."""
    wanted = {f"{name_of(one)}.json": json.dumps(schema(one), indent=2) + "\n" for one in DOCUMENTS}
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
