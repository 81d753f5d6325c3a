"""The operator's door to accounts: `python -m app.accounts create NAME --email … --role organizer`.

The first administrator is made here, by whoever can run programs on the server; administrators then give roles.
"""

import argparse
import getpass
import os
import sys

from sqlalchemy import select

from app import audit
from app.accounts import service
from app.accounts.models import ROLES, Account
from app.db import Session
from app.errors import Fault


def create(args: argparse.Namespace) -> None:
    """Make an account; the password comes from PALMARES_PASSWORD or is asked for."""
    password = os.environ.get("PALMARES_PASSWORD") or (getpass.getpass() if sys.stdin.isatty() else "")
    with Session.begin() as session:
        account = service.sign_up(session, args.username, args.email, password, args.role)
        audit.record(session, None, "account.created", account.username, after={"role": args.role})
    print(f"account {args.username.lower()} made, role {args.role}")


def password(args: argparse.Namespace) -> None:
    """Give an account another password and end its browser sessions, where no mail can do it."""
    given = os.environ.get("PALMARES_PASSWORD") or (getpass.getpass() if sys.stdin.isatty() else "")
    with Session.begin() as session:
        account = session.scalar(select(Account).where(Account.username == args.username.lower()).with_for_update())
        if account is None:
            sys.exit(f"there is no account {args.username!r}")
        service.set_password(session, account, given)
        audit.record(session, None, "account.password_set", account.username)
    print(f"account {account.username} has a new password")


def role(args: argparse.Namespace) -> None:
    """Give an account another role."""
    with Session.begin() as session:
        rows = select(Account).where(Account.username == args.username.lower()).with_for_update()
        account = session.scalar(rows)
        if account is None:
            sys.exit(f"there is no account {args.username!r}")
        before, account.role = account.role, args.role
        audit.record(
            session, None, "account.role", account.username, before={"role": before}, after={"role": args.role}
        )
    print(f"account {args.username.lower()} is now {args.role}")


def main() -> None:
    """Parse and run; a fault is one sentence and exit 1."""
    parser = argparse.ArgumentParser(prog="python -m app.accounts", description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("create", help="make an account (password: PALMARES_PASSWORD or asked for)")
    one.add_argument("username")
    one.add_argument("--email", required=True)
    one.add_argument("--role", choices=ROLES, default="participant")
    one.set_defaults(run=create)
    two = commands.add_parser("role", help="give an account another role")
    two.add_argument("username")
    two.add_argument("role", choices=ROLES)
    two.set_defaults(run=role)
    three = commands.add_parser("password", help="set a password (PALMARES_PASSWORD or asked for)")
    three.add_argument("username")
    three.set_defaults(run=password)
    args = parser.parse_args()
    try:
        args.run(args)
    except Fault as fault:
        sys.exit(f"{fault.detail} {fault.fix}".strip())


if __name__ == "__main__":
    main()
