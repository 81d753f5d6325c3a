"""A competition as a bundle that applies to the same competition.

Decision: competition.yaml is written from the rows, not kept from what was applied, so that changes by hand are in it.
The truth is in it, for without it the bundle would not make the same; where it is left out, the bundle still applies,
and a phase that has a truth keeps it.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import yaml

from app.competitions.bundle import kind_of_image
from app.competitions.bundle_reader import NAME, packed
from app.competitions.models import Competition, Phase
from app.competitions.rules import BoardRule

Fetch = Callable[[str], bytes]
"""Bytes of a stored file by its hash."""

RULES = {"best": "Force_Best", "latest": "Force_Last", "all": "Force_Latest_Multiple", "choice": "Add_And_Delete"}
HEAD = "# Written by `palmares competition export`. Apply it again: `palmares competition apply FOLDER_OR_ZIP`\n"


def export(competition: Competition, fetch: Fetch, *, truth: bool) -> bytes:
    """The bundle as a zip; the same competition gives the same bytes."""
    files: dict[str, bytes] = {"pages/terms.md": competition.terms.encode()}
    document: dict[str, Any] = {
        "version": 2,
        "slug": competition.slug,
        "title": competition.title,
        "description": competition.description,
        "terms": "pages/terms.md",
        "registration_auto_approve": competition.registration_auto_approve,
        "allowed_emails": competition.allowed_emails,
        "contact_email": competition.contact_email,
        "reward": competition.reward,
        "anonymous": competition.anonymous,
        "team_size": competition.team_size,
        "overall": competition.overall,
        "pages": [],
    }
    if competition.image_sha256 is not None:
        image = fetch(competition.image_sha256)
        document["image"] = f"logo.{str(kind_of_image(image)).rpartition('/')[2]}"
        files[document["image"]] = image
    for number, page in enumerate(competition.pages, 1):
        name = f"pages/{number:02d}.md"
        files[name] = page["content"].encode()
        document["pages"].append({"title": page["title"], "file": name})
    document["tasks"] = [_task(phase, fetch, files, truth=truth) for phase in competition.phases]
    slugs = {phase.id: phase.slug for phase in competition.phases}
    document["phases"] = [_phase(phase, slugs, fetch, files) for phase in competition.phases]
    if competition.phases:
        document["leaderboards"] = [_leaderboard(competition.phases[0])]
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return packed(files | {NAME: (HEAD + text).encode()})


def _task(phase: Phase, fetch: Fetch, files: dict[str, bytes], *, truth: bool) -> dict[str, Any]:
    task = {"index": phase.index, "name": phase.name, "scorer": phase.plan, "show_items": phase.show_items}
    if truth and phase.truth is not None:
        task["reference_data"] = f"truth/{phase.slug}.jsonl"
        files[task["reference_data"]] = fetch(phase.truth.sha256)
    return task


def _phase(phase: Phase, slugs: dict[int, str], fetch: Fetch, files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "index": phase.index,
        "slug": phase.slug,
        "name": phase.name,
        "description": phase.description,
        "start": _moment(phase.starts_at),
        "end": _moment(phase.ends_at),
        "tasks": [phase.index],
        "max_submissions_per_day": phase.max_submissions_per_day or 0,
        "max_submissions": phase.max_submissions or 0,
    }
    for name in ("limit_window", "max_concurrent", "max_invalid_per_day", "paused", "accept_late", "freeze_hours"):
        found[name] = getattr(phase, name)
    found |= {
        "publish": phase.publish,
        # What was published by hand is not told: a copy would show its hidden things from its first day on.
        **({"frozen_at": _moment(phase.frozen_at)} if phase.frozen_at is not None else {}),
        "gate": slugs.get(phase.gate_id or 0),
        "carry_from": slugs.get(phase.carry_from_id or 0),
        "board": phase.board,
        "split": phase.split,
    }
    for name, sha256 in (("starting_kit", phase.starting_kit_sha256), ("public_data", phase.public_data_sha256)):
        if sha256 is not None:
            folder = f"{name}/{phase.slug}"
            found[name] = folder
            with zipfile.ZipFile(io.BytesIO(fetch(sha256))) as kit:
                files |= {f"{folder}/{inside}": kit.read(inside) for inside in kit.namelist()}
    return found


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _leaderboard(phase: Phase) -> dict[str, Any]:
    """The first phase's board in CodaBench's form, for readers that do not know a phase's `board`."""
    rule = BoardRule.model_validate(phase.board)
    computed = {one.key: one for one in rule.computed if one.operation != "rank"}
    order = [rule.by, *rule.ties]
    shown = ["final", *phase.plan.get("weights", {}), *phase.plan.get("columns", []), *computed]
    keys = list(dict.fromkeys([*(one.key for one in order if one.key in shown), *shown]))
    sorting = {one.key: one.direction for one in order}
    columns = []
    for index, key in enumerate(keys):
        column: dict[str, Any] = {
            "index": index,
            "key": key,
            "title": computed[key].title if key in computed else rule.titles.get(key, key),
            "sorting": sorting.get(key, "desc"),
            "precision": rule.precision.get(key, 4),
            "hidden": key in rule.hidden,
        }
        if key in computed:
            indexes = [keys.index(one) for one in computed[key].of if one in keys]
            column |= {"computation": computed[key].operation, "computation_indexes": indexes}
        columns.append(column)
    return {
        "title": "Results",
        "key": "results",
        "submission_rule": RULES[rule.counting],
        "primary_index": 0,
        "columns": columns,
    }
