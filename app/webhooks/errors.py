"""Faults of webhooks."""

from app.errors import Conflict, NotFound, Refused


class WebhookNotFound(NotFound):
    """There is no webhook or delivery of this ref, or it is not yours."""

    code = "webhook_not_found"
    title = "No such webhook"
    fix = "List them: `palmares webhook list`, with `--competition SLUG` for those of a competition."


class WebhookUrlRefused(Refused):
    """Messages are sent to HTTPS addresses of the public internet only, unless the operator allows other networks."""

    code = "webhook_url_refused"
    title = "Nothing is sent to this address"
    fix = "Name an https:// address that everybody can reach, or ask the operator to set PALMARES_WEBHOOK_ALLOW."


class WebhookLimit(Conflict):
    """There are as many webhooks already as one account or competition may have."""

    code = "webhook_limit"
    title = "Too many webhooks"
    fix = "Delete one that is not needed any more: `palmares webhook delete REF`."


class WebhookOff(Conflict):
    """The webhook is off: its receiver failed for too long, or somebody switched it off."""

    code = "webhook_off"
    title = "The webhook is off"
    fix = 'Mend the receiver, then switch it on: `PATCH` it with `{"active": true}`.'
