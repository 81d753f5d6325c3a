"""Raw calls, addresses of pages, and completion in a real shell."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.client import scripting
from tests.client.server import TOKEN, Answer, Fake, Palmares, problem, submission


def test_a_raw_call_carries_method_body_headers_and_token(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    fake.on("PATCH", "/competitions/photos", {"changes": ["\x1b[2J"]})
    body = tmp_path / "body.json"
    body.write_text('{"title": "New"}')
    done = signed_in("api", "PATCH", "competitions/photos", "-d", f"@{body}", "-H", "If-Match: *")
    assert (done.code, done.document) == (0, {"changes": ["\x1b[2J"]})
    assert "\x1b" not in done.out
    (sent,) = fake.seen
    assert (sent.method, sent.body, sent.headers["If-Match"]) == ("PATCH", b'{"title": "New"}', "*")
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("path", ["/submissions?limit=1", "/api/v1/submissions?limit=1", "submissions?limit=1"])
def test_a_path_is_found_under_the_api(signed_in: Palmares, fake: Fake, path: str) -> None:
    fake.on("GET", "/submissions", {"items": []})
    assert signed_in("api", "GET", path).code == 0
    assert fake.asked("GET", "/submissions")[0].query == {"limit": "1"}


@pytest.mark.parametrize("path", ["https://elsewhere.example/x", "//elsewhere.example/x", "@elsewhere.example/x"])
def test_no_address_gets_the_token_but_the_servers(signed_in: Palmares, fake: Fake, path: str) -> None:
    signed_in("api", "GET", path)
    assert len(fake.seen) == 1, "whatever was meant, it was asked of this server"


def test_a_raw_call_that_fails_is_a_document(signed_in: Palmares, fake: Fake) -> None:
    fake.on("POST", "/rescores/x/apply", problem(409, "not_complete"))
    done = signed_in("api", "POST", "/rescores/x/apply")
    assert (done.code, done.document["error"]["code"]) == (4, "not_complete")
    assert signed_in("api", "POST", "/x", "-d", "{").code == 2
    assert signed_in("api", "POST", "/x", "-H", "none").code == 2


@pytest.mark.parametrize(("header", "sent"), [([], 1), (["-H", "idempotency-key: one"], 2)])
def test_a_raw_write_is_sent_again_only_with_a_key(
    signed_in: Palmares, fake: Fake, header: list[str], sent: int
) -> None:
    fake.on("POST", "/x", problem(503, "service_unavailable"), {"done": True})
    signed_in("api", "POST", "/x", *header)
    assert len(fake.seen) == sent


def test_bytes_go_to_a_file_as_they_came(signed_in: Palmares, fake: Fake, tmp_path: Path) -> None:
    fake.on("GET", "/submissions/sub_1/file", Answer(b"PK\x00\xff", headers={"Content-Type": "application/zip"}))
    assert signed_in("api", "GET", "/submissions/sub_1/file", "-o", tmp_path / "f.zip").out == ""
    assert (tmp_path / "f.zip").read_bytes() == b"PK\x00\xff"


def test_open_prints_the_page_and_opens_no_browser_without_a_terminal(
    signed_in: Palmares, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(scripting.webbrowser, "open", opened.append)
    fake.on("GET", "/submissions/sub_7h3k9q2m", submission("scored"))
    fake.on("GET", "/competitions/photos", {"slug": "photos"})
    assert signed_in("open", "sub_7h3k9q2m").out == f"{fake.url}/submissions/sub_7h3k9q2m\n"
    assert signed_in("open", "photos").out == f"{fake.url}/competitions/photos\n"
    assert opened == []
    monkeypatch.setattr(scripting.show, "interactive", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    signed_in("open", "photos", "--print")
    assert opened == []
    signed_in("open", "photos")
    assert opened == [f"{fake.url}/competitions/photos"]


def test_bash_completes_commands_and_options() -> None:
    script = (
        'eval "$(palmares completion bash)"; COMP_CWORD=$1; shift; COMP_WORDS=("$@"); '
        '_palmares_completion palmares; echo "${COMPREPLY[@]}"'
    )
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def completed(at: int, *words: str) -> str:
        command = ["bash", "-c", script, "bash", str(at), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": path}).stdout.strip()

    assert completed(1, "palmares", "lead") == "leaderboard"
    assert completed(2, "palmares", "phase", "op") == "open"
    assert completed(2, "palmares", "submit", "--idem") == "--idempotency-key"


def test_an_unknown_shell_is_a_wrong_command_line(palmares: Palmares) -> None:
    assert palmares("completion", "tcsh").code == 2
