"""What goes in and out over HTTP about accounts."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Scope = Literal["read", "submit", "organize", "admin"]


class Given(BaseModel):
    """A request's body: unknown fields are an error, not silently dropped."""

    model_config = ConfigDict(extra="forbid")


class SignUp(Given):
    """A new account."""

    username: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{1,30}[A-Za-z0-9]$", examples=["ada"])
    email: str = Field(max_length=254, examples=["ada@example.org"])
    password: str = Field(max_length=256)


class LogIn(Given):
    """User name or e-mail address, and password."""

    username: str = Field(max_length=254)
    password: str = Field(max_length=256)


class PasswordChange(Given):
    """The present password, and the new one."""

    current: str = Field(max_length=256)
    new: str = Field(max_length=256)


class PasswordNew(Given):
    """The new password, with the link that was mailed."""

    password: str = Field(max_length=256)


class AddressChange(Given):
    """The new e-mail address, and the password."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=256)


class Forgotten(Given):
    """The user name or e-mail address of the account whose password is forgotten."""

    username: str = Field(max_length=254)


class TokenIn(Given):
    """A token to make: what it is for and what it may do."""

    name: str = Field(min_length=1, max_length=80)
    scopes: list[Scope] = Field(default=["read", "submit"], min_length=1)
    expires_in_days: int | None = Field(None, ge=1, le=365, description="Default: PALMARES_TOKEN_DAYS.")
    competition: str | None = Field(
        None, max_length=80, pattern=r"^[a-z0-9-]+$", description="The only one in which it acts; default: all."
    )


class TokenOut(BaseModel):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    competition: str | None = None


class TokenMade(TokenOut):
    """A new token with its secret, shown this once."""

    token: str


class TokenList(BaseModel):
    """The account's tokens (one page holds them all)."""

    items: list[TokenOut]
    next_cursor: str | None = None


class Taking(BaseModel):
    """The account in a competition: `reason` says why it was denied or banned."""

    competition: str
    status: str
    reason: str
    baseline: bool
    terms_accepted: bool


class Me(BaseModel):
    """The account behind this request, and the token where one was used."""

    username: str
    email: str
    email_verified: bool = False
    role: str
    created_at: datetime
    token: TokenOut | None = None
    participations: list[Taking] = []
