"""Which server and which token: precedence, the private file, and addresses."""

import json
from pathlib import Path

import pytest

from app.client import config
from app.client.exits import Problem


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration file of this test, not made yet."""
    for name in ("PALMARES_URL", "PALMARES_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "deep" / "config.json"
    monkeypatch.setenv("PALMARES_CONFIG", str(path))
    return path


def test_without_anything_it_is_this_machine_without_token() -> None:
    assert config.server() == config.Server("http://127.0.0.1:8000")


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    config.remember("https://file.example", "plm_file", "tok_1", "ada")
    assert config.server() == config.Server("https://file.example", "plm_file")
    monkeypatch.setenv("PALMARES_TOKEN", " plm_env\n")
    assert config.server() == config.Server("https://file.example", "plm_env", from_environment=True)
    monkeypatch.setenv("PALMARES_URL", "https://env.example/")
    assert config.server().url == "https://env.example"
    assert config.server("https://flag.example").url == "https://flag.example"


def test_a_token_stays_with_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    config.remember("https://one.example", "plm_one", "tok_1", "ada")
    config.remember("https://two.example", "plm_two", "tok_2", "ada")
    monkeypatch.setenv("PALMARES_URL", "https://one.example")
    assert config.server().token == "plm_one"
    monkeypatch.setenv("PALMARES_URL", "https://three.example")
    assert config.server().token == ""


def test_the_file_is_private_and_replaced_whole(file: Path) -> None:
    config.remember("https://one.example", "plm_one", "tok_1", "ada")
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert config.too_open() == "0644"
    config.remember("https://two.example", "plm_two", "tok_2", "ada")
    assert config.too_open() == ""
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_forget_drops_one_server(file: Path) -> None:
    config.remember("https://one.example", "plm_one", "tok_1", "ada")
    config.remember("https://two.example", "plm_two", "tok_2", "ada")
    config.forget("https://one.example")
    assert set(json.loads(file.read_text())["tokens"]) == {"https://two.example"}


@pytest.mark.parametrize("content", ["{", "[]", '{"tokens": []}', "\x00"])
def test_a_broken_file_is_said_not_ignored(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(Problem) as caught:
        config.server()
    assert caught.value.code == "config_unreadable"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://Example.ORG/", "https://example.org"),
        ("http://127.0.0.1:8000/api/v1/", "http://127.0.0.1:8000"),
        ("https://example.org/palmares/", "https://example.org/palmares"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        (" https://example.org?x=1#y ", "https://example.org"),
    ],
)
def test_addresses_have_one_spelling(given: str, expected: str) -> None:
    assert config.normal_url(given) == expected


@pytest.mark.parametrize(
    "given", ["", "example.org", "ftp://example.org", "https://", "http://u:p@x", "http://x:99999"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Problem) as caught:
        config.normal_url(given)
    assert caught.value.code == "url_invalid"


@pytest.mark.parametrize("token", ["plm_a b", "plm_ü", "plm_a\nX-Evil: 1"])
def test_a_token_that_cannot_travel_in_a_header_is_refused(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("PALMARES_TOKEN", token)
    with pytest.raises(Problem) as caught:
        config.server()
    assert caught.value.exit_code == 4


def test_a_token_is_not_shown_by_accident() -> None:
    assert "plm_secret" not in repr(config.Server("https://one.example", "plm_secret"))
