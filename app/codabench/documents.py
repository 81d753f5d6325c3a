"""Our rows as the JSON that CodaBench's clients read. Scores are texts with ten decimals, times end in Z.

Decision: a phase is its own only task and its own leaderboard (one id for all three), because our phases have their own
items, columns and boards. The board of the phase that is open stands first, for clients that read the first one only.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.codabench.addresses import key_of
from app.competitions import service as competitions
from app.competitions.exporting import RULES
from app.competitions.models import Competition, Participation, Phase
from app.competitions.visibility import View
from app.leaderboards.columns import columns_of, computed_value, rule_of
from app.submissions.models import Evaluation, Submission

PHASE_STATUS = {"upcoming": "Next", "open": "Current", "closed": "Previous"}
STATUS = {
    "queued": "Submitted",
    "validating": "Preparing",
    "ready": "Running",
    "scoring": "Scoring",
    "scored": "Finished",
    "invalid": "Failed",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
SHOWN_FINDINGS = 3
JSON = dict[str, Any]


def instant(at: datetime | None) -> str | None:
    """A time as CodaBench writes it."""
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def competition_line(row: Competition, participants: int, submissions: int | None, logo: str | None) -> JSON:
    """A competition in lists."""
    return {
        "id": row.id,
        "title": row.title,
        "created_by": row.organizer.username,
        "owner_display_name": row.organizer.username,
        "created_when": instant(row.created_at),
        "published": True,
        "participants_count": participants,
        "submissions_count": submissions,
        "logo": logo,
        "logo_icon": logo,
        "description": row.description,
        "competition_type": "competition",
        "reward": row.reward or None,
        "contact_email": row.contact_email or None,
        "report": None,
        "is_featured": False,
    }


def competition(
    line: JSON, row: Competition, mine: Participation | None, views: Mapping[int, View], used: Mapping[int, JSON],
    moment: datetime,
) -> JSON:  # fmt: skip
    """A competition with its pages, phases and leaderboards; `used` are the asker's counts by phase id."""
    phases = [phase(one, moment, used.get(one.id)) for one in row.phases]
    opened = [one["id"] for one in phases if one["status"] == "Current"]
    boards = [leaderboard(one, views[one.id]) for one in row.phases]
    boards.sort(key=lambda board: board["id"] not in opened)  # stable: the others stay in order
    return line | {
        "slug": row.slug,
        "terms": row.terms,
        "pages": [
            {"id": place + 1, "title": page["title"], "content": page["content"], "index": place}
            for place, page in enumerate(row.pages)
        ],
        "phases": phases,
        "leaderboards": boards,
        "collaborators": [
            {"id": one.account_id, "name": one.account.username, "username": one.account.username}
            for one in row.organizers
        ],
        "participant_status": {"banned": "denied"}.get(mine.status, mine.status) if mine else None,
        "registration_auto_approve": row.registration_auto_approve,
        "queue": None,
        "enable_detailed_results": False,
        "show_detailed_results_in_submission_panel": False,
        "show_detailed_results_in_leaderboard": False,
        "auto_run_submissions": True,
        "can_participants_make_submissions_public": False,
        "make_programs_available": False,
        "make_input_data_available": True,
        "docker_image": None,
        "allow_robot_submissions": True,
        "fact_sheet": None,
        "forum": None,
        "forum_enabled": False,
    }


def phase(row: Phase, moment: datetime, used: JSON | None = None) -> JSON:
    """A phase with its one task; null limits: none."""
    return {
        "id": row.id,
        "index": row.index,
        "start": instant(row.starts_at),
        "end": instant(row.ends_at),
        "name": row.name,
        "description": row.description,
        "status": PHASE_STATUS[competitions.status_of(row, moment)],
        "competition": row.competition_id,
        "execution_time_limit": None,
        "tasks": [task(row)],
        "has_max_submissions": row.max_submissions_per_day is not None or row.max_submissions is not None,
        "max_submissions_per_day": row.max_submissions_per_day,
        "max_submissions_per_person": row.max_submissions,
        "auto_migrate_to_this_phase": row.carry_from_id is not None,
        "hide_output": False,
        "hide_prediction_output": True,
        "hide_score_output": False,
        "public_data": public_file(row, "public_data", row.public_data_sha256),
        "starting_kit": public_file(row, "starting_kit", row.starting_kit_sha256),
        "is_final_phase": row.id == row.competition.phases[-1].id,
        "used_submissions_per_day": used["day"] if used else 0,
        "used_submissions_per_person": used["total"] if used else 0,
    }


def task(row: Phase) -> JSON:
    """The phase as its task. Its truth is no dataset that could be asked for."""
    key = key_of("task", row.id)
    return {
        "id": row.id,
        "task": key,
        "key": key,
        "value": key,
        "order_index": 0,
        "phase": row.id,
        "competition": row.competition_id,
        "name": row.name,
        "description": row.description,
        "created_when": instant(row.competition.created_at),
        "created_by": row.competition.organizer.username,
        "owner_display_name": row.competition.organizer.username,
        "is_public": False,
        "ingestion_only_during_scoring": False,
        "validated": row.truth_id is not None,
        "is_used_in_competitions": True,
        "solutions": [],
        "public_datasets": [],
        "input_data": None,
        "ingestion_program": None,
        "reference_data": None,
        "scoring_program": None,
        "shared_with": [],
    }


def public_file(row: Phase, kind: str, sha256: str | None) -> JSON | None:
    """A file that everybody may have, None where the phase has none."""
    if sha256 is None:
        return None
    key = key_of(kind, row.id)
    return {
        "id": row.id,
        "key": key,
        "value": key,
        "name": f"{row.competition.slug}-{row.slug}-{kind.replace('_', '-')}.zip",
        "type": kind,
        "description": "",
        "is_public": True,
        "created_by": row.competition.organizer.username,
        "owner_display_name": row.competition.organizer.username,
        "created_when": instant(row.competition.created_at),
        "was_created_by_competition": True,
        "in_use": [],
        "competition": None,
        "file_name": f"{kind}.zip",
        "file_size": None,
    }


def shown_columns(row: Phase, view: View) -> list[JSON]:
    """The columns of the phase's board that this viewer may see."""
    columns = columns_of(row, organizer=view.organizer)
    return [one for one in columns if one["primary"] or not view.ladder]


def leaderboard(row: Phase, view: View) -> JSON:
    """The phase's leaderboard without its rows."""
    columns = shown_columns(row, view)
    computed = {one.key: one for one in rule_of(row).computed}
    places = {column["key"]: place for place, column in enumerate(columns)}
    return {
        "id": row.id,
        "title": row.name,
        "key": row.slug,
        "primary_index": next((place for place, column in enumerate(columns) if column["primary"]), 0),
        "hidden": False,
        "submission_rule": RULES[rule_of(row).counting],
        "columns": [
            {
                "id": place + 1,
                "index": place,
                "key": column["key"],
                "title": column["title"],
                "sorting": column["direction"],
                "precision": column["precision"],
                "hidden": column["hidden"],
                "computation": computed[column["key"]].operation if column["key"] in computed else None,
                "computation_indexes": [places[key] for key in computed[column["key"]].of if key in places]
                if column["key"] in computed
                else None,
            }
            for place, column in enumerate(columns)
        ],
    }


def scores(columns: Sequence[JSON], values: Mapping[str, float | None], *, rounded: bool = False) -> list[JSON]:
    """The values of a submission by column; one without a value has no row."""
    return [
        {
            "id": place + 1,
            "index": place,
            "column_key": column["key"],
            "score": f"{value:.{column['precision'] if rounded else 10}f}",
            "precision": column["precision"],
            "is_primary": column["primary"],
        }
        for place, column in enumerate(columns)
        if (value := values.get(column["key"])) is not None
    ]


def values_of(row: Phase, report: Mapping[str, Any]) -> dict[str, float | None]:
    """A report's scores and what the board computes from them; means of ranks are known on the board alone."""
    found: dict[str, float | None] = {
        key: one["value"] for key, one in report.items() if isinstance(one, dict) and "value" in one
    }
    for column in rule_of(row).computed:
        if column.operation != "rank":
            found[column.key] = computed_value(column, found)
    return found


def submission(row: Submission, told: list[JSON], *, on_leaderboard: bool) -> JSON:
    """A submission and its scores, as far as they are told."""
    evaluation, mark = row.evaluation, row.mark
    return {
        "id": row.id,
        "pk": row.id,
        "ref": row.ref,
        "phase": row.phase_id,
        "phase_name": row.phase.name,
        "name": row.file_name,
        "filename": row.file_name,
        "description": row.message,
        "created_when": instant(row.created_at),
        "is_public": False,
        "is_specific_task_re_run": False,
        "status": STATUS[evaluation.state],
        "status_details": status_details(evaluation),
        "owner": row.participation.account.username,
        "has_children": False,
        "parent": None,
        "children": [],
        "scores": told,
        "fact_sheet_answers": None,
        "organization": None,
        "queue": None,
        "leaderboard": row.phase_id if on_leaderboard else None,
        "on_leaderboard": on_leaderboard,
        "task": task(row.phase),
        "md5": None,
        "sha256": row.file_sha256,
        "auto_run": True,
        "can_make_submissions_public": False,
        "is_soft_deleted": mark is not None and mark.withdrawn_at is not None,
    }


def status_details(evaluation: Evaluation) -> str | None:
    """Why it ended as it did, in a few lines; None where there is nothing to say."""
    if evaluation.state == "failed" and evaluation.problem:
        return " ".join(filter(None, (evaluation.problem.get(name) for name in ("title", "detail", "fix"))))
    if evaluation.state != "invalid":
        return None
    lines = [finding(one) for one in evaluation.findings[:SHOWN_FINDINGS]]
    more = evaluation.findings_total - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more > 0 else lines)


def finding(one: Mapping[str, Any]) -> str:
    """A finding as a line: where, what, and how to mend it."""
    where = ":".join(str(one[name]) for name in ("file", "line", "item_id") if one.get(name) is not None)
    return f"{where + ': ' if where else ''}{one['message']} ({one['code']}) {one.get('fix') or ''}".rstrip()


def log_lines(evaluation: Evaluation) -> str:
    """What happened to it and when, a line each."""
    stages = ("queued", "validating", "ready", "scoring")
    stamps = [(name, getattr(evaluation, f"{name}_at")) for name in stages]
    stamps.append((evaluation.state, evaluation.finished_at))
    return "".join(f"{instant(at)} {name}\n" for name, at in stamps if at is not None)


def error_lines(evaluation: Evaluation) -> str:
    """All that is wrong with it, a line each; empty where nothing is."""
    if evaluation.state == "failed":
        return (status_details(evaluation) or "") + "\n"
    lines = [finding(one) for one in [*evaluation.findings, *evaluation.warnings]]
    return "".join(line + "\n" for line in lines)
