"""Faults of accounts, sessions and tokens."""

from app.errors import Conflict, Denied, NotFound, Refused, Unauthenticated


class WrongCredentials(Unauthenticated):
    """The name or the password is wrong. Which of them is never said."""

    code = "wrong_credentials"
    title = "The name or the password is wrong"
    fix = "Check both; the user name or the e-mail address may be given."


class TokenInvalid(Unauthenticated):
    """The token is unknown, revoked or expired."""

    code = "token_invalid"
    title = "The token is not valid"
    fix = "Make a new one: `palmares login` or `palmares token create`."


class ScopeMissing(Denied):
    """The token is valid but lacks the scope that this request needs (`needed`)."""

    code = "scope_missing"
    title = "The token lacks a scope"
    fix = "Make a token that has it: `palmares token create --scope …`."


class AccountExists(Conflict):
    """The user name or the e-mail address is taken."""

    code = "account_exists"
    title = "This user name or e-mail address is taken"
    fix = "Sign in, or choose another name."


class PasswordWeak(Refused):
    """The password is too easy to guess."""

    code = "password_weak"
    title = "The password is too easy to guess"
    fix = "Take at least ten characters that hold neither your name nor a well-known password."


class LinkInvalid(NotFound):
    """The link was mailed to set a password or to confirm an address, and is cut, used already, or too old."""

    code = "link_invalid"
    title = "This link is not valid any more"
    fix = "Use the whole link of the newest mail, or ask for another one."


class EmailUnverified(Denied):
    """The account's e-mail address is not confirmed, and joining asks for that."""

    code = "email_unverified"
    title = "Your e-mail address is not confirmed"
    fix = "Open the link in the mail that was sent to it; your account's page sends it again."


class TokenElsewhere(Denied):
    """The token acts in one competition only, and this is not of it."""

    code = "token_elsewhere"
    title = "This token is for another competition"
    fix = "Use it there, or make a token without a competition."


class IdentityInvalid(Denied):
    """The identity token of a CI job is not signed by a trusted issuer for this server, is too old, or was used."""

    code = "identity_invalid"
    title = "The job's identity cannot be believed"
    fix = "Ask the CI system for a new one, with this server's address as its audience."


class NotTrusted(Denied):
    """No account lets this CI job submit for it."""

    code = "not_trusted"
    title = "Nobody trusts this job"
    fix = "Trust it: `palmares publisher add SLUG --repository OWNER/NAME`."


class PublisherNotFound(NotFound):
    """You have no publisher of this ref."""

    code = "publisher_not_found"
    title = "No such publisher"
    fix = "List yours: `palmares publisher list`."


class TokenNotFound(NotFound):
    """You have no token of this id."""

    code = "token_not_found"
    title = "No such token"
    fix = "List yours: `palmares token list`."


class AccountNotFound(NotFound):
    """There is no account of this user name."""

    code = "account_not_found"
    title = "No such account"
    fix = "They must sign up first; give the user name, not the e-mail address."


class OwnAccount(Conflict):
    """Administrators change other accounts than their own, so that there is always one left."""

    code = "own_account"
    title = "This is your own account"
    fix = "Ask another administrator, or the operator: `python -m app.accounts role NAME ROLE`."
