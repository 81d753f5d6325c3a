"""What goes in and out over HTTP about mail."""

from pydantic import BaseModel, ConfigDict, StrictBool

from app.messages.models import DEFAULTS


class Preferences(BaseModel):
    """Each kind of mail, and whether it is wanted; a kind that is left out goes back to its default."""

    model_config = ConfigDict(extra="forbid")

    approved: StrictBool = DEFAULTS["approved"]
    scored: StrictBool = DEFAULTS["scored"]
    failed: StrictBool = DEFAULTS["failed"]
    invalid: StrictBool = DEFAULTS["invalid"]
    phase_opened: StrictBool = DEFAULTS["phase_opened"]
    phase_closed: StrictBool = DEFAULTS["phase_closed"]
    announcement: StrictBool = DEFAULTS["announcement"]
    webhook_disabled: StrictBool = DEFAULTS["webhook_disabled"]
    rescored: StrictBool = DEFAULTS["rescored"]
