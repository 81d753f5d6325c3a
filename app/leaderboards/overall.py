"""The board over all phases of a competition: the mean of one of their scores, or their sum by weights.

Decision: it is made from the very boards that the asker may see, so it tells nothing that they hide. Who has no score
in a phase has 0 there, and the row names the phase. Where names are hidden it waits until all its phases are published:
a score of a phase that is published already would name the person.
"""

from collections.abc import Sequence
from math import fsum

from sqlalchemy.orm import Session as OrmSession

from app.accounts.service import Principal
from app.competitions import service as competitions
from app.competitions.models import Competition, Phase
from app.competitions.rules import Overall
from app.competitions.visibility import View, view_of
from app.db import Session, now
from app.leaderboards.board import Row, as_ladder, rows_of
from app.leaderboards.columns import ranks, rule_of
from app.leaderboards.errors import BoardHidden, NoOverallBoard
from app.leaderboards.schemas import OverallOut
from app.leaderboards.showing import own_entrant


def overall_of(who: Principal | None, slug: str) -> OverallOut:
    """The board over phases as the asker may see it. Raises CompetitionNotFound, NoOverallBoard, BoardHidden."""
    with Session.begin() as session:
        competition = competitions.competition_of(session, slug)
        if competition.overall is None:
            raise NoOverallBoard(f"{slug!r} has none.")
        rule = Overall.model_validate(competition.overall)
        weights = weights_of(rule, competition)
        moment = now(session)
        views = {phase.slug: view_of(phase, who, moment) for phase, _ in weights}
        _require_shown(rule, weights, views)
        boards = {phase.slug: _seen(session, phase, views[phase.slug]) for phase, _ in weights}
        rows = _rows(session, competition, who, rule, weights, boards)
    return OverallOut(
        competition=slug,
        key=rule.key,
        phases=[
            {
                "slug": phase.slug,
                "name": phase.name,
                "weight": weight,
                "board": views[phase.slug].boards[0],
                "as_of": views[phase.slug].frozen_at,
                "published": views[phase.slug].published,
            }
            for phase, weight in weights
        ],
        warnings=[warning for phase, weight in weights if (warning := open_queries(phase, weight)) is not None],
        rows=rows,
    )


def weights_of(rule: Overall, competition: Competition) -> list[tuple[Phase, float]]:
    """The phases that decide, in order, with their weights: those that are named, or all of them alike."""
    if rule.weights is None:
        return [(phase, 1 / len(competition.phases)) for phase in competition.phases]
    return [(phase, rule.weights[phase.slug]) for phase in competition.phases if phase.slug in rule.weights]


def open_queries(phase: Phase, weight: float) -> dict[str, str] | None:
    """A warning where a phase decides whose scores were told while one could submit again: it can be fitted."""
    if phase.split is not None or phase.max_submissions == 1:
        return None
    message = (
        f"{phase.slug!r} decides {weight:.0%}, and participants saw its scores while they could submit again: what was "
        "fitted to them cannot be told from what is better. Hide some items (`split`), or allow one submission."
    )
    return {"code": "openly_queried", "phase": phase.slug, "message": message}


def _require_shown(rule: Overall, weights: Sequence[tuple[Phase, float]], views: dict[str, View]) -> None:
    for phase, _ in weights:
        view = views[phase.slug]
        if not view.named:
            raise BoardHidden("Names are hidden until all of its phases are published.")
        if (rule.key in rule_of(phase).hidden and not view.organizer) or (view.ladder and rule.key != "final"):
            raise BoardHidden(f"{phase.slug!r} hides the column {rule.key!r}.")


def _seen(session: OrmSession, phase: Phase, view: View) -> list[Row]:
    rows = rows_of(session, phase, view.boards[0], view.frozen_at)
    return as_ladder(rows) if view.ladder else rows


def _rows(
    session: OrmSession,
    competition: Competition,
    who: Principal | None,
    rule: Overall,
    weights: Sequence[tuple[Phase, float]],
    boards: dict[str, list[Row]],
) -> list[Row]:
    mine = own_entrant(session, competition.id, who)
    entrants: dict[int, Row] = {}
    for slug, board in boards.items():
        for row in board:
            entry = entrants.setdefault(row["entrant_id"], {**row, "phases": {}})
            # An entrant's best row comes first.
            entry["phases"].setdefault(slug, row["scores"].get(rule.key, {}).get("value"))
            entry["submitted_at"] = max(entry["submitted_at"], row["submitted_at"])
    slugs = [phase.slug for phase, _ in weights]
    for entry in entrants.values():
        held = {slug: entry["phases"].get(slug) for slug in slugs}
        entry["phases"] = held
        entry["value"] = fsum(weight * (held[phase.slug] or 0.0) for phase, weight in weights)
    ordered = sorted(entrants.values(), key=lambda one: (-one["value"], one["submitted_at"], one["participant"]))
    found = ranks([(one["value"],) for one in ordered], [not one["baseline"] for one in ordered])
    return [
        {
            "rank": rank,
            **{key: one[key] for key in ("participant", "team", "baseline", "value", "phases")},
            "missing": [slug for slug in slugs if one["phases"][slug] is None],
            "mine": one["entrant_id"] == mine,
        }
        for one, rank in zip(ordered, found, strict=True)
    ]
