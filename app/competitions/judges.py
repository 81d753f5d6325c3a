"""May a bundle's plan use the optional judges it asks for? Told when it is applied, not when it is scored."""

from app.llm.endpoint import Endpoint
from app.scoring.entailment import inside
from app.scoring.plan import Plan
from app.settings import settings


def require(plan: Plan) -> None:
    """Raises JudgeNotConfigured where the operator's settings do not offer a judge of the plan."""
    given = settings()
    if plan.cross_encoder is not None:
        inside(given.judge_models_path, plan.cross_encoder)
    if plan.llm_judge is not None:
        Endpoint.of(given.llm_url, given.llm_api_key, given.llm_model_allow).require(plan.llm_judge)
