"""What goes in and out over HTTP about mail."""

from pydantic import BaseModel, ConfigDict

from app.messages.models import DEFAULTS


class Preferences(BaseModel):
    """Each kind of mail, and whether it is wanted; a kind that is left out goes back to its default."""

    model_config = ConfigDict(extra="forbid")

    approved: bool = DEFAULTS["approved"]
    scored: bool = DEFAULTS["scored"]
    failed: bool = DEFAULTS["failed"]
    invalid: bool = DEFAULTS["invalid"]
    phase_opened: bool = DEFAULTS["phase_opened"]
    phase_closed: bool = DEFAULTS["phase_closed"]
    announcement: bool = DEFAULTS["announcement"]
    rescored: bool = DEFAULTS["rescored"]
