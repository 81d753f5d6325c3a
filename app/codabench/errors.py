"""What the CodaBench-compatible API refuses in words of its own."""

from app.errors import Conflict, Denied, NotFound, Refused


class DatasetNotFound(NotFound):
    """There is no file of this key that you may have: it is another's, has expired, or never was."""

    code = "dataset_not_found"
    title = "There is no such file"
    fix = "Announce it with `POST /api/datasets/`, then send it to its `sassy_url`; that lasts a day."


class DatasetEmpty(Conflict):
    """The file was announced, but its bytes have not come."""

    code = "dataset_empty"
    title = "The file has not been sent"
    fix = "PUT it to the `sassy_url` first."


class DatasetUsed(Conflict):
    """The file became a submission or a competition already; that one stays as it was sent."""

    code = "dataset_used"
    title = "The file was used already"
    fix = "Announce a new file with `POST /api/datasets/`."


class AddressInvalid(Denied):
    """The signed address was changed, is for another method, or is over."""

    code = "address_invalid"
    title = "The address is not valid any more"
    fix = "Ask for a new one, where this one came from."


class TaskElsewhere(Refused):
    """A task of another phase was named. A phase has one task here: leave `tasks` out."""

    code = "task_elsewhere"
    title = "All tasks must be part of the current phase."
    fix = "Leave `tasks` out, or name the phase's own task."
