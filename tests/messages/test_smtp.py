"""Mails as they go over the wire: one recipient, headers that nobody can add to, refusals and losses told apart."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.accounts.models import Account
from app.messages import smtp
from app.messages.letters import Letter
from app.messages.models import Mail
from app.settings import Settings

EVIL = "Hi\r\nBcc: all@example.org\r\n\r\nbody\u2028X: y\x0b\x00z"


def mail(subject: str = "Hi", text: str = "Text.", username: str = "ada", email: str = "ada@example.org") -> Mail:
    account = Account(id=7, username=username, email=email)
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    return Mail(ref="mail_1", account=account, kind="failed", subject=subject, text=text, created_at=at)


def sent(post, made: Mail) -> None:
    with smtp.connection() as server:
        smtp.send(server, made)


def test_a_mail_has_the_headers_of_a_machine_that_can_be_stopped(post):
    sent(post, mail(text=".dots\n.\n..\nümläut " + "long " * 300))
    (got,) = post.got
    assert got.recipient == "rcpt TO:<ada@example.org>"
    assert got.sender.startswith("mail FROM:<palmares@example.org>")
    message = got.message
    assert message["Message-ID"] == "<mail_1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "text/plain"
    assert got.text.startswith("Hello ada,\n\n.dots\n.\n..\nümläut long long")
    line = next(line for line in got.content.splitlines() if line.startswith(b"List-Unsubscribe: "))
    assert line.startswith(b"List-Unsubscribe: <https://palmares.example.org/unsubscribe/ada.failed.")
    assert line.endswith(b">")
    assert max(map(len, got.content.splitlines())) < 998
    assert got.content.isascii()


def test_a_title_is_one_line_of_a_header(post):
    letter = Letter(EVIL, "Text.")
    sent(post, mail(subject=letter.subject))
    (got,) = post.got
    assert got.message["Subject"] == "Hi Bcc: all@example.org body X: y z"
    assert set(got.message.keys()) & {"Bcc", "X"} == set()


@pytest.mark.parametrize(
    "made",
    [
        mail(subject=EVIL),
        mail(username="ada\r\nBcc: b@example.org"),
        mail(email="ada@example.org\r\nBcc: b@example.org"),
        mail(email="a@b.c>\r\nRCPT TO:<d@e.f"),
    ],
)
def test_what_would_add_a_header_or_a_recipient_is_never_sent(post, made):
    with pytest.raises(smtp.NotTaken) as caught:
        sent(post, made)
    assert caught.value.final
    assert post.got == []


@pytest.mark.parametrize(
    ("answers", "fault", "final"),
    [
        ({"MAIL": "451 later"}, smtp.NotTaken, False),
        ({"MAIL": "530 sign in first"}, smtp.NotTaken, False),
        ({"RCPT": "450 busy"}, smtp.NotTaken, False),
        ({"RCPT": "550 nobody"}, smtp.NotTaken, True),
        ({"DATA": "451 later"}, smtp.NotTaken, False),
        ({".": "452 full"}, smtp.NotTaken, False),
        ({".": "554 spam"}, smtp.NotTaken, True),
        ({"MAIL": ""}, smtp.LostBefore, None),
        ({"RCPT": ""}, smtp.LostBefore, None),
        ({"DATA": ""}, smtp.LostBefore, None),
        ({".": ""}, smtp.LostAfter, None),
    ],
)
def test_a_refusal_is_told_from_a_loss(post, answers, fault, final):
    post.answers = answers
    with pytest.raises(fault) as caught:
        sent(post, mail())
    assert getattr(caught.value, "final", None) == final


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(post):
    with pytest.raises(smtp.NotTaken, match="cannot take this address"):
        sent(post, mail(email="grüße@example.org"))
    post.answers = {"EHLO": "250-here\r\n250 SMTPUTF8"}
    sent(post, mail(email="grüße@example.org"))
    assert "grüße@example.org" in post.got[0].message["To"]


@pytest.mark.parametrize("answers", [{"connect": ""}, {"connect": "554 no"}, {"EHLO": "", "HELO": ""}])
def test_a_server_that_does_not_let_us_in_is_unreachable(post, answers):
    post.answers = answers
    with pytest.raises(smtp.Unreachable), smtp.connection():
        pass


def test_a_password_is_never_sent_where_tls_is_asked_for_and_not_offered(post, monkeypatch):
    from pydantic import SecretStr

    from app.settings import settings

    monkeypatch.setattr(settings(), "smtp_url", SecretStr(f"smtp+starttls://ada:s3cret@127.0.0.1:{post.port}"))
    with pytest.raises(smtp.Unreachable, match="STARTTLS") as caught, smtp.connection():
        pass
    assert "s3cret" not in str(caught.value)


GOOD = {"smtp_url": "smtp+starttls://u:s3cret@host:2525", "mail_from": "P <p@example.org>", "public_url": "https://p"}


@pytest.mark.parametrize(
    "change",
    [
        {"smtp_url": "http://u:s3cret@host"},
        {"smtp_url": "smtp://u:s3/cret@host:x"},
        {"smtp_url": "smtp://"},
        {"mail_from": ""},
        {"mail_from": "nobody"},
        {"mail_from": "P <p@example.org>\nBcc: x@example.org"},
        {"public_url": ""},
    ],
)
def test_settings_that_cannot_mail_stop_the_start_and_tell_no_password(change):
    assert Settings(**GOOD).sends_mail
    with pytest.raises(ValidationError) as caught:
        Settings(**GOOD | change)
    assert "s3" not in str(caught.value)
