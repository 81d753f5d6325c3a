"""The demo behind `make demo`: start the stack, apply the example competition, submit the examples, show the board.

Everything goes through the public doors (HTTP for sign-up, the `palmares` command for the rest). Passwords are made at
random at the first run and kept, readable by their owner only, in `PALMARES_DATA_DIR/demo.json`; a second run finds its
accounts and submissions again (same Idempotency-Key, so nothing is counted twice).
"""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import httpx2

from app.settings import settings

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SLUG, PHASE = "photo-pairs", "development"
PALMARES = Path(sys.executable).with_name("palmares")
# participant -> the file they send and the message beside it
ENTRANTS = {
    "ada": ("strong.zip", "right choices, the experts' reasons in other words"),
    "ben": ("middling.zip", "some reasons missing"),
    "baseline": ("baseline.zip", "always A, one template"),
    "blind-template": ("blind-template.zip", "right choices, reasons that never saw the pictures"),
    "contradiction": ("contradiction.zip", "right choices, the experts' reasons with the sides exchanged"),
    "other-pair": ("other-pair.zip", "right choices, each with the reasons of another pair"),
    "carl": ("invalid.zip", "five planted faults"),
}
ORGANIZER = "organizer"


def run(*command: str | Path, token: str = "", url: str = "", ok: tuple[int, ...] = (0,)) -> str:
    """Run a command and give its standard output; end the demo with what it said where it fails."""
    settings_here = {"PALMARES_URL": url, "PALMARES_TOKEN": token} if url else {}
    told = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings_here}, capture_output=True, text=True)
    if told.returncode not in ok:
        sys.exit(f"{' '.join(map(str, command))} ended with {told.returncode}:\n{told.stdout}{told.stderr}")
    return told.stdout


def known() -> dict[str, dict[str, str]]:
    """The demo's accounts, made when they are first wanted."""
    file = settings().data_dir / "demo.json"
    people = json.loads(file.read_text()) if file.exists() else {}
    for name in (ORGANIZER, *ENTRANTS):
        people.setdefault(name, {"password": secrets.token_urlsafe(12), "token": ""})
    keep(people)
    return people


def keep(people: dict[str, dict[str, str]]) -> None:
    """Write the accounts where only their owner reads them."""
    file = settings().data_dir / "demo.json"
    new = file.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(people, out, indent=1)
    new.replace(file)


def enter(url: str, people: dict[str, dict[str, str]]) -> None:
    """Sign everyone up and make a token for each, where that is not done yet."""
    for name, secret in people.items():
        if secret["token"]:
            continue
        with httpx2.Client(base_url=f"{url}/api/v1", timeout=30) as client:
            account = {"username": name, "password": secret["password"]}
            signed_up = client.post("/auth/signup", json={**account, "email": f"{name}@example.org"})
            if signed_up.status_code == 409:
                client.post("/auth/login", json=account).raise_for_status()
            else:
                signed_up.raise_for_status()
            if name == ORGANIZER:
                run(sys.executable, "-m", "app.accounts", "role", name, "organizer")
            scopes = ["read", "submit", *(["organize"] if name == ORGANIZER else [])]
            made = client.post("/me/tokens", json={"name": "demo", "scopes": scopes, "expires_in_days": 365})
            made.raise_for_status()
            secret["token"] = made.json()["token"]
        keep(people)


def main() -> None:
    """Run the demo."""
    print("Starting PostgreSQL, Valkey, web and workers …", flush=True)
    print(run(sys.executable, "-m", "app.embedded", "up", "--detach").strip())
    url = json.loads(run(sys.executable, "-m", "app.embedded", "status", "--json"))["url"]
    people = known()
    enter(url, people)
    applied = run(PALMARES, "competition", "apply", EXAMPLES / "photo-pairs", token=people[ORGANIZER]["token"], url=url)
    print(applied.strip() or f"{SLUG}: nothing to change")
    for name, (file, message) in ENTRANTS.items():
        token = people[name]["token"]
        run(PALMARES, "join", SLUG, "--accept-terms", token=token, url=url)
        path = EXAMPLES / "submissions" / file
        print(f"{name} submits {file} …", flush=True)
        command = (PALMARES, "submit", f"{SLUG}/{PHASE}", path, "-m", message, "--no-check", "--wait", "120")
        said = run(*command, token=token, url=url, ok=(0, 3))
        print("  " + said.strip().replace("\n", "\n  "))
    print()
    print(run(PALMARES, "leaderboard", f"{SLUG}/{PHASE}", token=people["ada"]["token"], url=url).rstrip())
    print(f"\nPages:    {url}/competitions/{SLUG}")
    print(f"API:      {url}/api/v1/docs")
    print(f"Sign in:  ada / {people['ada']['password']}   (organizer: {ORGANIZER} / {people[ORGANIZER]['password']})")
    print("Stop it:  make down")


if __name__ == "__main__":
    main()
