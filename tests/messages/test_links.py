"""The signed link: whose it is and of what; no other key, account or kind gets through; the secret is made once."""

import threading

import pytest

from app.accounts.models import Account
from app.messages import links
from app.messages.errors import UnsubscribeInvalid


@pytest.fixture
def account(session, world) -> Account:
    return session.get_one(Account, world.person("ada_l").account_id)


def token(account: Account, kind: str = "failed") -> str:
    return links.unsubscribe_link(account, kind).rpartition("/")[2]


def test_a_link_names_its_reader_and_kind(session, account):
    assert links.reader_of(session, token(account)) == (account, "failed")


def test_a_forged_link_is_none(session, account, world):
    good = token(account)
    world.person("ben")
    # Not the last letter: not all of its bits say something.
    forged = [good[:-1], good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1], good.replace("failed", "scored")]
    forged += [
        good.replace("ada_l", "ben"),
        good.replace("ada_l", "nobody"),
        "ada_l.failed",
        "ada_l.failed.",
        "",
        "é.ü.ä",
    ]
    for one in forged:
        with pytest.raises(UnsubscribeInvalid):
            links.reader_of(session, one)


def test_who_takes_a_name_again_is_not_who_had_it(session, account):
    old = token(account)
    session.delete(account)
    session.flush()
    session.add(Account(username="ada_l", email="new@example.org", password_hash="-"))
    session.flush()
    with pytest.raises(UnsubscribeInvalid):
        links.reader_of(session, old)


def test_the_secret_is_made_once_and_is_private(tmp_path):
    path = tmp_path / "new" / "secret"
    made: set[str] = set()
    makers = [threading.Thread(target=lambda: made.add(links.kept(path))) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(made) == 1
    assert len(made.pop()) >= 40
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["secret"]
