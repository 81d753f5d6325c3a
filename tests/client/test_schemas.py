"""docs/schemas are the types, and no command with --json is without one."""

import json
from pathlib import Path
from typing import Any

import typer
from jsonschema import Draft202012Validator

from app.client import schemas
from app.client.main import COMMANDS, build

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


def test_the_published_schemas_are_the_types(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    published = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert published == written, "run: python -m app.client.schemas docs/schemas"


def test_every_command_with_json_has_a_schema_and_no_other() -> None:
    tree: Any = typer.main.get_command(build())
    with_json = set()
    for name, _, _ in COMMANDS:
        command = tree
        for word in name.split():
            command = command.commands[word]
        with_json |= {name for one in command.params if "--json" in one.opts}
    assert set(schemas.by_command()) == with_json


def test_a_schema_is_one_and_demands_the_version() -> None:
    for path in FOLDER.iterdir():
        schema = json.loads(path.read_text())
        Draft202012Validator.check_schema(schema)
        assert not Draft202012Validator(schema).is_valid({})
        assert "'version' is a required" in str(list(Draft202012Validator(schema).iter_errors({}))) or "anyOf" in schema
