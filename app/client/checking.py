"""`validate` and `score`: what can be known about a submission before it is sent.

Decision: both use the very code of the server. numpy, scipy and torch are imported only once a file has turned out to
be worth scoring. Truth, plan or model that cannot be used end with exit 6: the submission is not to blame.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import exits, files, show, summary
from .exits import Problem
from .http import opened
from .options import Json, Submission
from .summary import JunitFile, SarifFile

if TYPE_CHECKING:
    from ..scoring.entailment import Entail
    from ..scoring.llm_prompt import Rate
    from ..scoring.plan import Plan
    from ..scoring.records import Reference
    from ..scoring.report import Report

MIB = 1024 * 1024
TRUTH_BYTES = 512 * MIB


Device = Literal["auto", "cpu", "cuda"]


Truth = Annotated[
    Path,
    typer.Option("--truth", metavar="FILE", help="The ground truth.", exists=True, dir_okay=False, show_default=False),
]


def validate(
    file: Submission,
    competition: Annotated[
        str, typer.Option(metavar="SLUG[/PHASE]", help="Check against this phase, on the server.", show_default=False)
    ] = "",
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Check against the ids of this ground truth, offline.",
            exists=True,
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    junit: JunitFile = None,
    sarif: SarifFile = None,
    as_json: Json = False,
) -> None:
    """Check a submission file.

    Prints every finding with its place and how to mend it; costs no submission. Without --competition or
    --truth, unknown and missing pairs cannot be told.
    """
    if competition and truth is not None:
        raise Problem("usage", "Only one of --competition and --truth can be given.")
    ids = [one.item_id for one in read_truth(truth)] if truth is not None else None
    found = files.check(file, ids).as_dict()
    if competition and found["valid"]:
        with opened(signed_in=True) as client:
            found = dict(client.validate(competition, file, progress=True))
    if junit is not None:
        summary.write(junit, summary.junit(found, {}, []))
    if sarif is not None:
        summary.write(sarif, summary.sarif(found, file.name))
    show_validation(file, found, as_json)
    if not found["valid"]:
        raise typer.Exit(exits.INVALID)


def show_validation(file: Path, found: dict[str, Any], as_json: bool) -> None:
    """Print what validating found: findings and warnings as data, the verdict as talk."""
    if as_json:
        show.document(found)
        return
    for text in show.findings(found):
        show.out(text)
    for warning in found["warnings"]:
        show.out(f"warning: {show.finding(warning)}")
    verdict = "valid" if found["valid"] else f"invalid, {found['findings_total']} finding(s)"
    show.talk(f"{file.name}: {verdict}")


def score(
    submission: Submission,
    truth: Truth,
    plan: Annotated[str, typer.Option(metavar="NAME|PLAN.yaml", help="How to score.")] = "pairwise-explained",
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Seed of the intervals.", show_default="the plan's")
    ] = None,
    items: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a JSON line per pair to it.", dir_okay=False, show_default=False),
    ] = None,
    device: Annotated[Device, typer.Option(help="Where the model runs.")] = "auto",
    model: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Folder of another model.", exists=True, file_okay=False, show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Score a submission offline.

    Against a ground truth of yours; the same numbers as on the server.
    """
    references = read_truth(truth)
    chosen = read_plan(plan)
    checked = files.check(submission, [one.item_id for one in references])
    if not checked.valid:
        show_validation(submission, checked.as_dict(), as_json)
        raise typer.Exit(exits.INVALID)
    from ..scoring.embedding import Embedder, ModelUnavailable
    from ..scoring.entailment import JudgeNotConfigured
    from ..scoring.judging import judge
    from ..scoring.llm_prompt import LlmJudgeUnavailable
    from ..scoring.metrics import MetricFailed

    try:
        entail, rate = judges_of(chosen, Path(plan).parent, device)
        embed = Embedder.load(model, device)
        report = judge(references, checked.answers, chosen, embed, seed, entail=entail, rate=rate)
    except (ModelUnavailable, JudgeNotConfigured, LlmJudgeUnavailable) as error:
        raise Problem(error.code, str(error), error.fix) from error
    except MetricFailed as error:
        raise Problem(error.code, str(error), "Try another model or device; if it stays, report it.") from error
    if items is not None:
        items.write_bytes(report.items_jsonl())
        show.talk(f"{len(report.items)} pairs written to {items}")
    show_report(report, as_json)


def judges_of(plan: Plan, folder: Path, device: Device) -> tuple[Entail | None, Rate | None]:
    """The optional judges of a plan; a relative `cross_encoder` starts at the plan's folder.

    The LLM's endpoint comes from the environment, as on the server. Raises JudgeNotConfigured and ModelUnavailable.
    """
    from platformdirs import user_cache_path

    from ..llm.endpoint import ChatJudge, Endpoint
    from ..scoring.entailment import NliModel

    rate = None
    if plan.llm_judge is not None:
        cache = user_cache_path("palmares", appauthor=False) / "llm"
        rate = ChatJudge(Endpoint.from_environment(), plan.llm_judge, cache)
        show.talk(f"texts of truth and submission are sent to the LLM judge {rate.model}")
    entail = None if plan.cross_encoder is None else NliModel.load(folder / plan.cross_encoder, device)
    return entail, rate


def read_truth(path: Path) -> list[Reference]:
    """The references of a truth file. Raises Problem (exit 6) with all findings if it cannot be used."""
    from ..scoring.findings import Invalid
    from ..scoring.reading import read_references

    if path.stat().st_size > TRUTH_BYTES:
        raise Problem("truth_unusable", f"{path} is over {TRUTH_BYTES // MIB} MiB.", "Give the truth of one phase.")
    try:
        return read_references(path.read_bytes(), path.name)
    except Invalid as error:
        found = [one.as_dict() for one in error.findings]
        raise Problem(
            "truth_unusable",
            f"The ground truth {path.name} cannot be used.",
            "Mend the findings.",
            findings=found,
            findings_total=error.total,
        ) from error


def read_plan(name: str) -> Plan:
    """A plan by its name, or from a YAML file. Raises Problem (exit 6) with everything that is wrong with it."""
    from ..scoring.plan import PlanInvalid, load

    try:
        return load(name)
    except PlanInvalid as error:
        found = [
            {"code": error.code, "message": f"{one.path}: {one.message}", "fix": one.fix} for one in error.problems
        ]
        detail = f"The plan {name!r} cannot be used."
        raise Problem(error.code, detail, error.fix, findings=found, findings_total=len(found)) from error


def show_report(report: Report, as_json: bool) -> None:
    """Print a report: the scores with their intervals, in all and per category, and the signature."""
    content = report.as_dict()
    if as_json:
        show.document(content)
        return
    keys = [key for key, value in content.items() if isinstance(value, dict) and "value" in value]
    categories: dict[str, dict[str, Any]] = content.get("categories") or {}
    show.table(
        ["score", "all", *categories],
        [(key, show.score(content[key]), *(show.score(part.get(key)) for part in categories.values())) for key in keys],
        right=["all", *categories],
    )
    missing = f", {content['n_missing']} missing" if content["n_missing"] else ""
    show.out(f"\n{content['n_items']} pairs{missing}; brackets: 95 % interval")
    if content.get("note"):
        show.out(f"note      {content['note']}")
    show.out(f"signature {content['signature']}")
