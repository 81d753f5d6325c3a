"""docs/cli.md says what the commands say."""

from pathlib import Path

from app.client.main import COMMANDS
from app.client.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: python -m app.client.reference > docs/cli.md"


def test_the_page_has_every_command() -> None:
    page = reference()
    assert all(f"### {name}\n" in page for name, _, _ in COMMANDS)
