"""The documentation is held to the code: settings, problem codes, routes, decisions, links and make targets.

The command, the findings and the metrics have pages of their own, held by tests in client/ and scoring/.
"""

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer

from app.client import main
from app.embedded import errors as embedded_errors
from app.errors import all_faults
from app.main import create_app
from app.settings import Settings
from app.web.catalogue import entries

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LOCAL = {kind.code for kind in all_faults() if kind.__module__ == embedded_errors.__name__}
NEVER_OVER_HTTP = LOCAL | {"scoring_failed", "worker_lost", "llm_judge_unavailable"}
HTTP_METHODS = {"get", "put", "post", "patch", "delete"}


def rows_of(page: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    lines = (ROOT / "docs" / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]


def written(default: object) -> str:
    """A default as docs/settings.md writes it."""
    if default is None or default == "":
        return "(empty)"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def headings_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links() -> list[tuple[Path, str]]:
    """Every relative link and picture of the pages, code blocks left out."""
    found = []
    for page in PAGES:
        prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
        found += [(page, target) for target in targets if not target.startswith(("http://", "https://", "mailto:"))]
    return found


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and content of each block of code."""
    return re.findall(r"^ *```(\w+)\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)


def shell_commands(block: str) -> list[tuple[list[str], str | None]]:
    """The `palmares` commands of a block of shell: the words after the name, and the file that takes the output."""
    found = []
    for line in block.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["palmares"]:
            ends = [place for place, word in enumerate(words) if word in (">", "|", "&&", ";")]
            end = ends[0] if ends else len(words)
            found.append((words[1:end], words[end + 1] if words[end:] and words[end] == ">" else None))
    return found


COMMANDS = [
    (page.name, words)
    for page in PAGES
    for kind, block in blocks(page.read_text())
    if kind in ("sh", "console")
    for words, _ in shell_commands(block)
]


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=lambda value: str(value)[:60])
def test_every_command_of_the_pages_can_be_given(page, words, tmp_path, monkeypatch) -> None:
    # given
    monkeypatch.chdir(tmp_path)
    for word in words:
        file = tmp_path / word.removeprefix("/").split("=@")[-1]
        if file.suffix and not word.startswith("-"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        elif not word.startswith("-"):
            file.mkdir(parents=True, exist_ok=True)
    command = leaf = typer.main.get_command(main.build())
    for word in words:
        leaf = getattr(leaf, "commands", {}).get(word, leaf)
    called = []
    leaf.callback = lambda **given: called.append(given)

    # when
    command.main(args=main.with_default_wait(words), prog_name="palmares", standalone_mode=False)

    # then
    assert called or words == ["--help"], page


def test_every_setting_is_documented_with_its_default_and_sentence() -> None:
    # given
    real = {
        f"`PALMARES_{name.upper()}`": [written(field.default), field.description]
        for name, field in Settings.model_fields.items()
    }

    # when
    rows = {row[0]: row[1:] for row in rows_of("settings.md")}

    # then
    assert {name: rows.get(name) for name in real} == real


def test_every_problem_code_is_documented_with_its_status_and_meaning() -> None:
    # given
    codes = {kind.code for kind in all_faults()} | set(entries())
    real = {
        code: ["—" if code in NEVER_OVER_HTTP else str(entry.status), entry.text, entry.fix]
        for code, entry in entries().items()
    }

    # when
    rows = [row for row in rows_of("api.md") if re.fullmatch(r"`[a-z_]+`", row[0])]
    documented = {row[0].strip("`"): [cell.strip("| ") for cell in row[1:]] for row in rows}

    # then
    assert codes == set(real)
    assert documented == real


def test_the_documented_routes_are_those_of_the_app() -> None:
    # given
    real = {
        (method.upper(), path)
        for path, operations in create_app().openapi()["paths"].items()
        for method in operations.keys() & HTTP_METHODS
        if path.startswith("/api/v1")
    }

    # when
    documented = {(row[0], row[1].strip("`")) for row in rows_of("api.md") if row[1].startswith("`/api/v1")}

    # then
    assert documented == real


def test_every_module_that_argues_a_decision_has_its_line_in_the_readme() -> None:
    # given
    files = [file for room in ("app", "workers", "migrations") for file in (ROOT / room).rglob("*.py")]
    deciding = {
        str(file.relative_to(ROOT))
        for file in files
        if "\nDecision:" in (ast.get_docstring(ast.parse(file.read_text())) or "")
    }

    # when
    section = README.read_text().partition("\n## Decisions\n")[2].partition("\n## ")[0]
    listed = re.findall(r"^- \[`[^`]+`\]\(([^)]+)\): \S", section, re.MULTILINE)

    # then
    assert sorted(listed) == sorted(deciding)


@pytest.mark.parametrize(("page", "target"), links(), ids=lambda value: getattr(value, "name", value))
def test_every_relative_link_leads_to_a_file(page: Path, target: str) -> None:
    # given
    path, _, anchor = target.partition("#")

    # when
    file = (page.parent / path).resolve() if path else page

    # then
    assert file.exists(), f"{page.name} links {target}"
    assert not anchor or anchor in headings_of(file), f"{page.name} links {target}"


def test_every_make_target_that_the_pages_name_exists() -> None:
    # given
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))

    # when
    named = {name for page in PAGES for name in re.findall(r"\bmake ([a-z]+)", _code(page.read_text()))}

    # then
    assert {"demo", "test", "up", "down"} <= named <= targets


def _code(text: str) -> str:
    """The code of a page: what stands in backticks."""
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
