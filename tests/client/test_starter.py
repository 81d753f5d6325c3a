"""The bundle to start from can be applied as it is."""

import re
from pathlib import Path

from app.client import bundles, starter
from app.competitions.bundle import read_bundle
from app.competitions.bundle_schema import ColumnIn, CompetitionIn, LeaderboardIn, PageIn, PhaseIn, TaskIn
from tests.client.server import Palmares


def test_what_is_written_can_be_applied(palmares: Palmares, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    done = palmares("competition", "init", folder)
    assert done.code == 0
    assert done.out.splitlines() == [str(folder / name) for name in starter.FILES]
    bundle = read_bundle(bundles.pack(folder, tmp_path / "mine.zip").read_bytes())
    assert bundle.values["slug"] == "my-competition"
    (phase,) = bundle.phases
    assert phase.item_ids == ["p_000", "s_000"]
    assert phase.values["ends_at"] > phase.values["starts_at"]
    assert set(phase.files) == {"starting_kit"}


def test_the_lines_that_are_comments_can_be_used_too(palmares: Palmares, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    palmares("competition", "init", folder)
    file = folder / "competition.yaml"
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n1")
    text, count = re.subn(r"^( *)# (?=[a-z_]+: |- \{)", r"\1", file.read_text(), flags=re.MULTILINE)
    file.write_text(text)
    assert count == 22
    bundle = read_bundle(bundles.pack(folder, tmp_path / "mine.zip").read_bytes())
    assert bundle.notes == []
    assert (bundle.values["team_size"], bundle.phases[1].gate) == (4, "development")
    assert bundle.phases[0].values["board"] == {"counting": "choice", "choices": 2}


# What the bundle says in another way: `carry_from`, `Force_Best`, the columns' own defaults.
SAID_OTHERWISE = {"auto_migrate_to_this_phase", "computation", "computation_indexes"}


def test_every_setting_is_there_or_in_a_comment() -> None:
    parts = (CompetitionIn, PageIn, TaskIn, PhaseIn, LeaderboardIn, ColumnIn)
    known = {name for part in parts for name in part.model_fields}
    said = set(re.findall(r"(?:^ *(?:# )?(?:- )?|[{,] ?)([a-z_]+):", starter.YAML, flags=re.MULTILINE))
    assert known - said <= SAID_OTHERWISE


def test_nothing_is_overwritten(palmares: Palmares, tmp_path: Path) -> None:
    (tmp_path / "competition.yaml").write_text("mine")
    assert palmares("competition", "init", tmp_path).code == 2
    assert (tmp_path / "competition.yaml").read_text() == "mine"
