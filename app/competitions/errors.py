"""Faults of competitions, phases and participations."""

from app.errors import Conflict, Denied, NotFound, Refused


class CompetitionNotFound(NotFound):
    """There is no competition of this slug."""

    code = "competition_not_found"
    title = "No such competition"
    fix = "List them: `palmares competitions`."


class CompetitionDeleted(Conflict):
    """The slug belongs to a competition that was deleted and can still be restored."""

    code = "competition_deleted"
    title = "The competition is deleted"
    fix = "Restore it first (`palmares competition restore SLUG`), or take another slug."


class PhaseNotFound(NotFound):
    """The competition has no phase of this slug."""

    code = "phase_not_found"
    title = "No such phase"
    fix = "List them: `palmares phase list SLUG`."


class ParticipantNotFound(NotFound):
    """This account has neither joined nor asked to."""

    code = "participant_not_found"
    title = "No such participant"


class OrganizerNotFound(NotFound):
    """This account is no co-organizer of the competition."""

    code = "organizer_not_found"
    title = "No such co-organizer"
    fix = "List them: `palmares organizers list SLUG`."


class OrganizersDoNotCompete(Conflict):
    """Who organizes a competition takes part as a baseline only, and cannot be kept out of it."""

    code = "organizers_do_not_compete"
    title = "Organizers take part as baselines"
    fix = "Take their rights first: `palmares organizers remove SLUG USER`."


class FileNotThere(NotFound):
    """The phase offers no such file."""

    code = "file_not_found"
    title = "No such file"


class NotJoined(Denied):
    """You have not joined this competition yet."""

    code = "not_joined"
    title = "You have not joined this competition"
    fix = "Join it: `palmares join SLUG`, or on its page."


class JoinPending(Denied):
    """You have asked to join; an organizer has not approved it yet."""

    code = "join_pending"
    title = "Your participation is not approved yet"
    fix = "Wait for the organizers; you need not ask again."


class JoinDenied(Denied):
    """The organizers have declined your participation."""

    code = "join_denied"
    title = "Your participation was declined"
    fix = "Ask the organizers."


class Banned(Denied):
    """The organizers have banned you from this competition; the detail gives their reason."""

    code = "banned"
    title = "You are banned from this competition"
    fix = "Ask the organizers."


class NotInvited(Denied):
    """This competition is open to certain e-mail addresses only, and yours is not one of them."""

    code = "not_invited"
    title = "This competition is by invitation"
    fix = "Use the account of the address that was invited, or ask the organizers."


class TermsChanged(Denied):
    """The competition's terms have changed since you accepted them."""

    code = "terms_changed"
    title = "The terms have changed"
    fix = "Read them and join again: `palmares join SLUG`, or on its page."


class TermsNotAccepted(Refused):
    """Joining needs the competition's terms to be accepted."""

    code = "terms_not_accepted"
    title = "The terms must be accepted"
    fix = "Read them, then send `accept_terms: true` (`palmares join SLUG --accept-terms`)."


class PhaseNotOpen(Conflict):
    """The phase is not open by the server's clock; `opens_at` and `closed_at` say when it is or was."""

    code = "phase_not_open"
    title = "The phase is not open"
    fix = "See the phase's times: `palmares phase list SLUG`."


class PhasePaused(Conflict):
    """The organizers have paused the intake; what was sent before goes on being judged."""

    code = "phase_paused"
    title = "The phase takes nothing right now"
    fix = "Wait for the organizers; the phase's times are in `palmares phase list SLUG`."


class RuleInvalid(Refused):
    """A phase or competition would contradict itself; `fields` names the place. Nothing was changed."""

    code = "rule_invalid"
    title = "The change does not fit the rest"
    fix = "Mend the named field and send it again."


class PhaseNotReady(Conflict):
    """The phase has no ground truth yet, so nothing could be scored."""

    code = "phase_not_ready"
    title = "The phase has no ground truth yet"
    fix = "Organizers: add it (`palmares competition apply`)."


class ScoringInUse(Conflict):
    """Submissions were already judged by the present truth or plan; changing it under them would mix two scorings."""

    code = "scoring_in_use"
    title = "There are submissions under the present scoring"
    fix = "Judge the phase anew: `palmares truth put`, then `palmares rescore --preview`; or open a new phase."


class TruthItemsDiffer(Conflict):
    """The phase has submissions, and the new truth has other items: `missing` and `added` name the first of them."""

    code = "truth_items_differ"
    title = "The new truth has other items"
    fix = "Keep the ids of the phase's items; for other items, open a new phase."


class PlanRefused(Refused):
    """The scoring plan cannot be used; `fields` names every place and how to mend it."""

    code = "plan_invalid"
    title = "The scoring plan cannot be used"
    fix = "Mend the named fields; docs/scoring.md says what a plan may hold."


class BundleInvalid(Refused):
    """The competition bundle has faults; `findings` names all of them with their place."""

    code = "bundle_invalid"
    title = "The bundle cannot be applied"
    fix = "Mend the findings; nothing was changed."


class TruthInvalid(Refused):
    """The ground truth has faults; `findings` names them."""

    code = "truth_invalid"
    title = "The ground truth cannot be read"
    fix = "Mend the findings; nothing was changed."
