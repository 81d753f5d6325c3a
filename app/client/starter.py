"""`competition init`: a small bundle that can be applied as it is, to be changed line by line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from . import bundles, show
from .exits import Problem

YAML = """\
# A competition in one file. Change what differs, then:
#
#   palmares competition apply . --dry-run     # says what would change
#   palmares competition apply .               # creates it, or updates it to what is written here
#
# Paths are relative to this file. Lines such as `# key: value` are settings that are not used yet: take the `# ` away.
# docs/organizers.md explains every key.
version: 2

slug: my-competition              # the name in addresses and commands: `palmares submit my-competition FILE`
title: My competition
description: Which of two images is better, and why?
terms: pages/terms.md             # participants accept this text when they join
registration_auto_approve: true   # false: you approve each participant by hand
# image: logo.png                 # PNG, JPEG, GIF or WebP of at most 2 MiB
# contact_email: organizers@example.org
# reward: "1000 EUR for the first"
# allowed_emails: ["@example.org"]  # who may join; everybody without it
# team_size: 4                    # participants may form teams of up to four
# anonymous: true                 # no names on the boards until they are published
# overall: {key: final}           # one board over all phases: the mean of their scores

pages:
  - title: Overview
    file: pages/overview.md

# A task says against what and how a submission is judged. The truth never leaves the server.
tasks:
  - index: 0
    name: Development pairs
    reference_data: truth/development.jsonl       # .jsonl, .json or .csv: id, answer, explanation, maybe category
    scorer:
      name: pairwise-explained                    # choice and explanation; a wrong choice earns no explanation credit
      weights: {accuracy: 0.5, explanation: 0.5}  # of the final score; they add up to 1
    # show_items: true                            # participants see their values per pair, which tell the right choices

phases:                           # times are UTC; plain dates mean midnight
  - index: 0
    slug: development
    name: Development
    # description: Try, compare and improve.
    start: %(start)s
    end: %(end)s                 # without it, the phase stays open
    tasks: [0]
    max_submissions_per_day: 5    # invalid files and failures of the platform do not count
    max_submissions: 100
    starting_kit: starting_kit    # a folder is offered as a zip
    # public_data: starting_kit   # the same for data
    # limit_window: rolling       # the day's limit counts the last 24 hours instead of the UTC day
    # max_concurrent: 2           # of one participant, waiting or running at once
    # max_invalid_per_day: 10     # invalid files cost nothing up to here
    # paused: true                # nothing new is taken, what was sent is judged
    # accept_late: true           # submissions after the end, on a board of their own
    # freeze_hours: 24            # the public board stands still in the last hours
    # frozen_at: %(end)s       # or since this time
    # publish: manual             # what is frozen, hidden or anonymous is shown when you say so, not at the end
    # split: {share: 0.5, seed: 1}            # half of the pairs are public while the phase runs
    # board: {counting: choice, choices: 2}   # best (default), latest, choice, all; goes before `leaderboards` below
  # A second phase that takes over each participant's counting submission, and needs one:
  # - {index: 1, slug: final, name: Final, start: %(end)s, tasks: [0], carry_from: development, gate: development}

leaderboards:                     # the rule of all phases' boards, in CodaBench's form
  - title: Results
    key: results
    submission_rule: Force_Best   # each participant's best submission counts
    primary_index: 0              # ranked by the column with index 0, then by the others
    # hidden: true                # it stands still from the start, until you publish
    columns:
      - {index: 0, key: final, title: Final, sorting: desc, precision: 4}
      - {index: 1, key: accuracy, title: Accuracy, sorting: desc, precision: 4}
      - {index: 2, key: explanation, title: Explanation, sorting: desc, precision: 4}
"""

FILES = {
    "competition.yaml": YAML,
    "pages/overview.md": "# My competition\n\nSay what the task is, and what the winner gets.\n",
    "pages/terms.md": "Say what participants agree to.\n",
    "truth/development.jsonl": (
        '{"id": "p_000", "answer": "A", "explanation": "The face is sharper in A.", "category": "person"}\n'
        '{"id": "s_000", "answer": "B", "explanation": "A has a green cast in the sky.", "category": "scene"}\n'
    ),
    "starting_kit/README.md": (
        "Send a zip with one file, a line for each pair:\n\n"
        '    {"id": "p_000", "answer": "A", "explanation": "why A is better"}\n'
    ),
}
"""The files of the bundle, by path."""


def init(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder to make.", file_okay=False, show_default=False)],
) -> None:
    """Write a small bundle to start from."""
    if path.is_dir() and any(path.iterdir()):
        raise Problem("folder_not_empty", f"{path} is not empty.", "Give a new folder.")
    today = datetime.now(UTC).date()
    dates = {"start": today.isoformat(), "end": (today + timedelta(days=90)).isoformat()}
    for name, content in FILES.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content % dates if name == bundles.MARK else content, encoding="utf-8")
        show.out(str(file))
    show.talk(f"next: change {path / bundles.MARK}, then `palmares competition apply {path} --dry-run`")
