"""Faults of submissions and evaluations."""

from app.errors import Conflict, Denied, Fault, NotFound, Refused, TooMany, Unsupported


class SubmissionNotFound(NotFound):
    """There is no submission of this ref, or it is not yours to see."""

    code = "submission_not_found"
    title = "No such submission"
    fix = "List yours: `palmares submissions`."


class NotScored(Conflict):
    """The submission has no scores (yet); its state says why."""

    code = "not_scored"
    title = "There are no scores for this submission"
    fix = "Wait for it: `palmares watch REF`."


class NotCancellable(Conflict):
    """The submission has reached a final state."""

    code = "not_cancellable"
    title = "The submission is final"


class NotRetryable(Conflict):
    """Only a submission that failed by our fault is judged once more; this one is in another state."""

    code = "not_retryable"
    title = "The submission has not failed"
    fix = "To judge scored ones anew, begin a re-scoring: `palmares rescore SLUG/PHASE`."


class IdempotencyConflict(Conflict):
    """The Idempotency-Key was used before with another file."""

    code = "idempotency_conflict"
    title = "This Idempotency-Key belongs to another file"
    fix = "Take a new key for a new file."


class GateNotPassed(Conflict):
    """This phase is for those who have a scored submission in the phase `gate`; you have none there."""

    code = "gate_not_passed"
    title = "A scored submission in another phase comes first"
    fix = "Submit to the named phase while it takes submissions, and wait for the score."


class NotAnArchive(Unsupported):
    """The file is neither a zip nor a predictions file."""

    code = "not_an_archive"
    title = "The file is neither a zip nor a predictions file"
    fix = "Send a zip that holds one .jsonl, .json or .csv file, or that file itself."


class FileInvalid(Refused):
    """The archive's structure is unsafe or broken; `findings` names all faults. Nothing was counted."""

    code = "file_invalid"
    title = "The file cannot be taken"
    fix = "Mend the findings and send it again; this attempt did not count."


class UploadBroken(Refused):
    """The body ended early, or holds no file."""

    code = "upload_broken"
    title = "The upload is incomplete"
    fix = "Send it again with the same Idempotency-Key."


class LimitReached(TooMany):
    """The phase's submissions are used up for now; `next_possible_at` says when it goes on (null: never)."""

    code = "limit_reached"


class WorkerLost(Fault):
    """Workers took this evaluation several times and never came back. It is our fault and costs nothing."""

    code = "worker_lost"
    title = "Our workers were lost while judging this"
    fix = "Send it again; it does not count against your limit."


class ScoringFailed(Fault):
    """The scoring itself failed several times. It is our fault and costs nothing."""

    code = "scoring_failed"
    title = "The scoring failed"
    fix = "Send it again later; it does not count against your limit."


class LlmJudgeUnavailable(ScoringFailed):
    """The LLM judge that the plan asks for gave no usable answer, several times. It is our fault and costs nothing."""

    code = "llm_judge_unavailable"
    title = "The LLM judge is not available"


class TeamNotFound(NotFound):
    """The competition has no team of this ref, or it is not yours to see."""

    code = "team_not_found"
    title = "No such team"
    fix = "List them: `palmares team list SLUG`."


class InvitationNotFound(NotFound):
    """There is no invitation of this ref to you, or by your team."""

    code = "invitation_not_found"
    title = "No such invitation"
    fix = "List yours: `palmares team invitations`."


class InvitationAnswered(Conflict):
    """The invitation was accepted, declined or withdrawn before; `state` says which."""

    code = "invitation_answered"
    title = "The invitation is not open any more"
    fix = "Ask the team's lead for a new one."


class NoTeams(Conflict):
    """Everybody competes alone here."""

    code = "no_teams"
    title = "This competition has no teams"
    fix = "Organizers: allow them by the competition's `team_size`."


class TeamsClosed(Conflict):
    """The competition's last phase is over, so teams change no more; organizers may still mend them."""

    code = "teams_closed"
    title = "Teams change no more"
    fix = "Ask the organizers."


class TeamNameTaken(Conflict):
    """Another team of the competition has this name, perhaps in other letters' case."""

    code = "team_name_taken"
    title = "The team's name is taken"
    fix = "Choose another name."


class AlreadyInTeam(Conflict):
    """Who is in a team cannot make another, nor be invited into the same."""

    code = "already_in_team"
    title = "Already in a team"
    fix = "Leave it first: `palmares team leave SLUG`."


class TeamFull(Conflict):
    """Together there would be more members (`members`) than a team may have (`team_size`)."""

    code = "team_full"
    title = "The team would be too large"


class JointUseTooHigh(Conflict):
    """As one team you would have used more than a phase allows; `excess` has each phase, kind, use and limit."""

    code = "joint_use_too_high"
    title = "Together you have used more than one team may"
    fix = "Try again later where the limit grows by the day or something is still waiting; a phase's total never grows."


class NotTeamLead(Denied):
    """Only the team's lead may do this."""

    code = "not_team_lead"
    title = "Only the team's lead may do this"
    fix = "Ask the lead: `palmares team show SLUG`."


class NotTeamMember(Denied):
    """You are no member of this team."""

    code = "not_team_member"
    title = "You are not in this team"
    fix = "See who is: `palmares team list SLUG`."


class TruthNotFound(NotFound):
    """The phase has no ground truth of this version."""

    code = "truth_not_found"
    title = "No such version of the truth"
    fix = "List them: `palmares truth list SLUG/PHASE`."


class RescoreNotFound(NotFound):
    """There is no re-scoring of this ref, or it is not yours to see."""

    code = "rescore_not_found"
    title = "No such re-scoring"
    fix = "See what is open: `palmares rescore SLUG/PHASE`."


class RescoreOpen(Conflict):
    """A re-scoring of the phase is open (`rescore` names it); there is one at a time."""

    code = "rescore_open"
    title = "The phase is being judged anew already"
    fix = "Apply or cancel it first: `palmares rescore SLUG/PHASE --apply`, or `--cancel`."


class RescoreEnded(Conflict):
    """The re-scoring was applied or cancelled before; `state` says which."""

    code = "rescore_ended"
    title = "The re-scoring has ended"


class RescoreUnfinished(Conflict):
    """Not all submissions are judged anew yet: `done` of `total`."""

    code = "rescore_unfinished"
    title = "The re-scoring is not done yet"
    fix = "Wait for it (`palmares rescore SLUG/PHASE --preview`), then apply it again."


class RescoreFailures(Conflict):
    """Some submissions that have a score could not be judged anew; `submissions` names the first of them."""

    code = "rescore_failures"
    title = "Some submissions could not be judged anew"
    fix = "Cancel it, have the cause mended and start again; or let these keep their score: `--apply --skip-failed`."


class StillOrganizing(Conflict):
    """An account that owns competitions (`competitions`) cannot be deleted: they would be nobody's."""

    code = "still_organizing"
    title = "You own competitions"
    fix = "Hand each over first: `palmares organizers transfer SLUG USER`, or delete it."


class UploadNotFound(NotFound):
    """There is no upload of this ref, it has expired, or it is not yours."""

    code = "upload_not_found"
    title = "No such upload"
    fix = "Begin a new one."


class OffsetMismatch(Conflict):
    """The bytes do not continue what has come, or another request is writing to the upload."""

    code = "offset_mismatch"
    title = "The upload goes on elsewhere"
    fix = "Ask for the offset (HEAD) and go on from there."


class UploadIncomplete(Conflict):
    """Not all bytes of the upload have come; `offset` says how many."""

    code = "upload_incomplete"
    title = "The upload is not complete"
    fix = "Send the rest, from `offset` on."


class UploadElsewhere(Conflict):
    """The upload was announced for another phase."""

    code = "upload_elsewhere"
    title = "The upload belongs to another phase"
    fix = "Send it there, or begin a new one for this phase."


class ChecksumMismatch(Refused):
    """The bytes that came are not those that were announced; nothing was counted."""

    code = "checksum_mismatch"
    title = "The file was changed on its way"
    fix = "Upload it anew."


class TooManyUploads(TooMany):
    """This account has too many unfinished uploads."""

    code = "too_many_uploads"
    title = "Too many unfinished uploads"
    fix = "Finish or delete one; each expires after a day."
