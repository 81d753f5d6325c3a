"""May a plan use the optional judges it asks for? Told when it is given, not when something is scored by it."""

from collections.abc import Mapping
from typing import Any

from app.competitions.errors import PlanRefused
from app.llm.endpoint import Endpoint
from app.scoring.entailment import JudgeNotConfigured, inside
from app.scoring.plan import Plan, PlanInvalid, load
from app.settings import settings


def require(plan: Plan) -> None:
    """Raises JudgeNotConfigured where the operator's settings do not offer a judge of the plan."""
    given = settings()
    if plan.cross_encoder is not None:
        inside(given.judge_models_path, plan.cross_encoder)
    if plan.llm_judge is not None:
        Endpoint.of(given.llm_url, given.llm_api_key, given.llm_model_allow).require(plan.llm_judge)


def plan_of(given: Mapping[str, Any]) -> Plan:
    """A plan that may be used, from a mapping as in a bundle's `scorer`. Raises PlanRefused with every problem."""
    try:
        plan = load(given)
        require(plan)
    except PlanInvalid as error:
        fields = {f"plan.{one.path}": f"{one.message} {one.fix}" for one in error.problems}
        raise PlanRefused(error.problems[0].message, fields=fields) from error
    except JudgeNotConfigured as error:
        raise PlanRefused(str(error), fields={"plan": f"{error} {error.fix}"}) from error
    return plan
