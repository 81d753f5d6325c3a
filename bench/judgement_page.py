"""docs/judgement.md: means, orders, goals, and an honest account, all generated from what was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from app.scoring.metrics import CATALOGUE
from bench import probes
from bench.judgement import Measured

HEAD = """# Judgement, measured

Written by `make judgement`; never by hand. Probes are texts whose place is known beforehand: each takes the place of
the explanation in an answer with the right choice and is judged by the public `judge()` like any submission. Kinds and
makers: [`bench/probes`](../bench/probes/__init__.py). What each metric computes: [scoring.md](scoring.md).

**In-sample, but for one section.** The constants and the vocabulary of the explanation score were chosen with the
paraphrases of the 45 development pairs and of the example in view; texts by other hands will do worse. The kinds made
by code (templates, sides exchanged, other pair's text, …) were not fitted text by text. The texts **out of sample**
were written afterwards, about other pairs, and nothing was changed after they were scored. How far the score agrees
with graders of flesh and blood is not known yet.

![Scores of each kind of text by each metric](judgement.png)
"""
MEANS = """### Mean per kind

**Faithful** kinds say what the expert says, or a part of it, and should score high. Exchanging the sides leaves a tie a
tie, so `sides exchanged` keeps the few claims that name no winner.
"""
ORDER = """### Share of pairs in the right order

How often the faithful text scores strictly more than the other text for the same pair.
"""
OWN = "explanation"
WORST = 5


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the goals: what it measures of a metric, and the bound it is held to from below or above."""

    title: str
    measured: Callable[[Measured, str], float | None]
    bound: float
    at_least: bool
    share: bool

    def met(self, value: float) -> bool:
        """Whether the value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def written(self, value: float | None) -> str:
        """A value in the goal's own form."""
        return "–" if value is None else f"{value:.0%}" if self.share else f"{value:.2f}"


def _order(worse: str, title: str, bounds: tuple[float, float, float]) -> list[Goal]:
    return [
        Goal(
            f"{_plain(better)} > {title}",
            lambda m, metric, better=better: m.ordered(metric, better, worse),  # type: ignore[misc]
            bound,
            at_least=True,
            share=True,
        )
        for better, bound in zip(probes.REWORDED, bounds, strict=True)
    ]


def _mean(title: str, kinds: Sequence[str], bound: float, *, at_least: bool = False) -> Goal:
    return Goal(title, lambda m, metric: m.best(metric, kinds), bound, at_least=at_least, share=False)


def _plain(kind: str) -> str:
    return kind.replace("_", " ")


GOALS = [
    *_order("contradiction", "contradiction", (0.95, 0.90, 0.90)),
    *_order("unrelated_right_winner", "unrelated right winner", (0.98, 0.92, 0.92)),
    *_order("vague_right_winner", "vague right winner", (0.98, 0.95, 0.95)),
    _mean("mean: contradiction", ["contradiction"], 0.05),
    _mean("mean: sides exchanged", ["sides_exchanged"], 0.05),
    _mean("mean: best single template", probes.TEMPLATES, 0.08),
    _mean("mean: other pair's text", ["other_text", "other_text_mapped"], 0.08),
    _mean("mean: keyword salad", ["keyword_salad"], 0.08),
    _mean("mean: everything both ways", ["both_ways"], 0.08),
    _mean("mean: paraphrase close", ["paraphrase_close"], 0.65, at_least=True),
    _mean("mean: paraphrase free", ["paraphrase_free"], 0.50, at_least=True),
    Goal("claims turned one by one: strictly falling", lambda m, k: m.monotone(k), 0.95, at_least=True, share=True),
]


def show(measured: Measured, console: Console) -> None:
    """The goals and the means on a terminal."""
    metrics = list(measured.values)
    for title, header, rows in (
        (measured.truth.title, "goal", _goal_rows(measured, metrics)),
        ("Means", "kind", _mean_rows(measured, metrics)),
    ):
        table = Table(title=title, title_justify="left")
        for position, column in enumerate(header if isinstance(header, list) else _columns(header, metrics)):
            table.add_column(column, justify="right" if position else "left")
        for row in rows:
            table.add_row(*(cell.replace("**", "") for cell in row))
        console.print(table)


def page(measured: Sequence[Measured]) -> str:
    """The whole of docs/judgement.md; the same measurement gives the same bytes."""
    return "\n".join([HEAD, *(_section(one) for one in measured)]).rstrip() + "\n"


def _section(measured: Measured) -> str:
    metrics = list(measured.values)
    parts = [
        f"## {measured.truth.title}\n",
        f"Signature: `{measured.signature}`\n",
        "### Goals\n",
        "Of the explanation score, and what the customary metrics reach. **Bold**: the goal is met.\n",
        _table(_columns("goal", metrics), _goal_rows(measured, metrics)),
        MEANS,
        _table(_columns("kind", metrics), _mean_rows(measured, metrics)),
        ORDER,
        _table(_columns("faithful > other", metrics), _order_rows(measured, metrics)),
        "### What still fails\n",
        _account(measured),
    ]
    return "\n".join(parts)


def _columns(first: str, metrics: Sequence[str]) -> list[str]:
    return [first, *(["needed"] if first == "goal" else ["pairs"]), *(CATALOGUE[key].title for key in metrics)]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(columns) - 1)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows)) + "\n"


def _goal_rows(measured: Measured, metrics: Sequence[str]) -> list[list[str]]:
    rows = []
    for goal in GOALS:
        if goal.measured(measured, metrics[0]) is None:
            continue
        row = [goal.title, f"{'≥' if goal.at_least else '≤'} {goal.written(goal.bound)}"]
        for key in metrics:
            value = goal.measured(measured, key)
            cell = goal.written(value)
            row.append(f"**{cell}**" if value is not None and goal.met(value) else cell)
        rows.append(row)
    return rows


def _mean_rows(measured: Measured, metrics: Sequence[str]) -> list[list[str]]:
    rows = []
    for kind in _kinds(measured):
        n = len(measured.truth.probes[kind])
        name = f"**{_plain(kind)}**" if kind in probes.FAITHFUL or kind in probes.LANGUAGES else _plain(kind)
        means = [measured.mean(key, kind) for key in metrics]
        rows.append([name, str(n), *("–" if mean is None else f"{mean:.2f}" for mean in means)])
    return rows


def _kinds(measured: Measured) -> list[str]:
    first = [kind for kind in (*probes.FAITHFUL, *probes.LANGUAGES) if measured.truth.probes.get(kind)]
    return [*first, *(kind for kind, texts in measured.truth.probes.items() if texts and kind not in first)]


def _order_rows(measured: Measured, metrics: Sequence[str]) -> list[list[str]]:
    rows = []
    for better, worse in _orders(measured):
        shares = [measured.ordered(key, better, worse) for key in metrics]
        n = len(measured.margins(metrics[0], better, worse))
        cells = ["–" if share is None else f"{share:.0%}" for share in shares]
        rows.append([f"{_plain(better)} > {_plain(worse)}", str(n), *cells])
    return rows


def _orders(measured: Measured) -> list[tuple[str, str]]:
    """Every pair of a reworded kind and a kind that must come after it, with at least one pair of images in common."""
    known = (*probes.FAITHFUL, *probes.LANGUAGES, "duplicated_lines", "repeated_reference", "padded_reference")
    worse = [kind for kind in _kinds(measured) if kind not in known]
    found = [("paraphrase_close", "partial"), *((better, other) for better in probes.REWORDED for other in worse)]
    texts = measured.truth.probes
    return [(one, other) for one, other in found if set(texts.get(one, ())) & set(texts.get(other, ()))]


def _account(measured: Measured) -> str:
    lines = []
    told = [(goal, goal.measured(measured, OWN)) for goal in GOALS]
    failed = [(goal, value) for goal, value in told if value is not None and not goal.met(value)]
    lines.append(f"The explanation score meets {sum(v is not None for _, v in told) - len(failed)} of the goals and ")
    lines[-1] += f"misses {len(failed)}" + (", these:\n" if failed else ".\n")
    lines += [
        f"- {goal.title}: {goal.written(value)}, needed {'≥' if goal.at_least else '≤'} {goal.written(goal.bound)}"
        for goal, value in failed
    ]
    lines.append("\nOrders that are wrong in more than one pair of twenty, and the pairs that are worst in each:\n")
    poor = [(share, *both) for both in _orders(measured) if (share := measured.ordered(OWN, *both) or 0.0) < 0.95]
    for share, better, worse in sorted(poor):
        margins = sorted((margin, pair) for pair, margin in measured.margins(OWN, better, worse).items() if margin <= 0)
        worst = ", ".join(f"`{pair}` ({margin:+.2f})" for margin, pair in margins[:WORST])
        lines.append(f"- {_plain(better)} > {_plain(worse)}, right in {share:.0%}: {worst}")
    if not poor:
        lines.append("- none")
    return "\n".join([*lines, "", *_changes(measured)])


def _changes(measured: Measured) -> list[str]:
    """What should not move the score, and what must not raise it."""
    lines = ["Changes of the expert's own text that say nothing else, and how far they move the score:\n"]
    for kind in (*probes.RESTYLED, "duplicated_lines", "repeated_reference", "padded_reference"):
        moved = measured.margins(OWN, kind, "reference")
        if moved:
            least, most = min(moved.values()), max(moved.values())
            lines.append(f"- {_plain(kind)}: from {least:+.2f} to {most:+.2f}")
    return [*lines, ""] if len(lines) > 1 else []
