"""Faults of boards and comparisons."""

from app.errors import Conflict, Denied, NotFound, Refused


class SameSubmission(Refused):
    """Both references name the same submission; there is nothing to compare."""

    code = "same_submission"
    title = "This is one submission twice"
    fix = "Name two different submissions."


class DifferentPhases(Conflict):
    """The two submissions belong to different phases, so they answer different items."""

    code = "different_phases"
    title = "The submissions are in different phases"
    fix = "Compare two submissions of one phase."


class DifferentScoring(Conflict):
    """The two submissions were judged by different versions of the ground truth, or by different plans."""

    code = "different_scoring"
    title = "The submissions were judged differently"
    fix = "Compare two submissions that were judged by the same ground truth and plan."


class NothingToCarry(Conflict):
    """The phase names no phase from which submissions would be carried."""

    code = "nothing_to_carry"
    title = "There is no phase to carry from"
    fix = "Name one first: `palmares competition set SLUG/PHASE carry_from=PHASE`."


class NotChoosable(Conflict):
    """The phase's rule lets nobody choose what counts (`counting` says how it goes), or this one can never count."""

    code = "not_choosable"
    title = "This submission cannot be chosen"
    fix = "Choose where a phase's rule is `choice`, among your submissions that can count."


class TooManyChosen(Conflict):
    """As many submissions as the phase allows are chosen already; `chosen` names them."""

    code = "too_many_chosen"
    title = "Too many submissions are chosen"
    fix = "Take a choice back first: `palmares choose REF --undo`."


class ResultsPublished(Conflict):
    """The phase's results are published, so nothing is withdrawn any more."""

    code = "results_published"
    title = "The results are published"
    fix = "Ask the organizers."


class BoardNotFound(NotFound):
    """The phase has no such board: `public` is only there where some of its items are hidden."""

    code = "board_not_found"
    title = "No such board"
    fix = "Ask for another `board`, or leave it out."


class BoardHidden(Denied):
    """The board is for the organizers until the phase is published."""

    code = "board_hidden"
    title = "The board is not shown yet"
    fix = "Wait until the phase is published, or look at the board that is shown: leave `board` out."


class NotCompared(Denied):
    """The board hides what a comparison would tell: a column, or all but what its ladder shows."""

    code = "not_compared"
    title = "These are not compared"
    fix = "Compare submissions of your own, or wait until the phase is published."


class NoOverallBoard(NotFound):
    """The competition has no board over its phases."""

    code = "no_overall_board"
    title = "There is no board over all phases"
    fix = "Ask for a phase's board. Organizers make one: `palmares competition set SLUG 'overall={}'`, their mean."
