"""docs/judgement.png: for each metric a panel of boxes, one per kind of text; faithful kinds should stand right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.scoring.metrics import CATALOGUE
from bench.judgement import Measured

KINDS = {
    "reference": "the expert's own",
    "paraphrase_close": "close paraphrase",
    "paraphrase_free": "free paraphrase",
    "partial": "half of the claims",
    "unrelated_right_winner": "unrelated claims",
    "vague_right_winner": "vague praise",
    "other_text": "another pair's text",
    "template_lines": "one template for all",
    "keyword_salad": "keyword salad",
    "both_ways": "everything both ways",
    "contradiction": "contradiction",
    "sides_exchanged": "sides exchanged",
}
FAITHFUL = 4
GREEN, RED, INK, RULE = "#2a7f62", "#c8553d", "#26323a", "#d9dee2"


def draw(measured: Measured, path: Path) -> None:
    """Write the picture; the same measurement gives the same bytes (no date, no version, fixed jitter)."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    metrics = list(measured.values)
    kinds = [kind for kind in KINDS if measured.truth.probes.get(kind)]
    pyplot.rcParams.update({"font.size": 13, "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK})
    rows = 2 if len(metrics) > 4 else 1
    columns = -(-len(metrics) // rows)
    figure, grid = pyplot.subplots(rows, columns, figsize=(13.5, 5.0 * rows), sharey=True, squeeze=False)
    order = ["explanation", *(key for key in metrics if key != "explanation")]
    for axes, key in zip(grid.flat, [key for key in order if key in metrics], strict=False):
        _panel(axes, [list(measured.values[key].get(kind, {}).values()) for kind in kinds])
        axes.set_title(CATALOGUE[key].title, fontsize=14, fontweight="bold" if key == "explanation" else "normal")
    for axes in grid[:, 0]:
        axes.set_yticks(range(len(kinds)), [KINDS[kind] for kind in kinds])
        for position, label in enumerate(axes.get_yticklabels()):
            label.set_color(GREEN if position < FAITHFUL else RED)
    for axes in list(grid.flat)[len(metrics) :]:
        _legend(axes)
    figure.tight_layout()
    figure.savefig(path, dpi=100, facecolor="white", metadata={"Software": None})
    pyplot.close(figure)


def _panel(axes: Any, groups: Sequence[Sequence[float]]) -> None:
    """One metric: a box with its median and every pair's score as a faint dot, from top to bottom."""
    for position, values in enumerate(groups):
        colour = GREEN if position < FAITHFUL else RED
        jitter = [position + 0.22 * ((i * 0.618034) % 1 * 2 - 1) for i in range(len(values))]
        axes.scatter(values, jitter, s=9, color=colour, alpha=0.28, linewidths=0)
        axes.boxplot(
            [values],
            positions=[position],
            orientation="horizontal",
            widths=0.62,
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": colour + "30", "edgecolor": colour},
            whiskerprops={"color": colour},
            capprops={"color": colour},
            medianprops={"color": colour, "linewidth": 2.4},
        )
    axes.axhline(FAITHFUL - 0.5, color=RULE, linewidth=1.2)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    least = min((value for values in groups for value in values), default=0.0)
    axes.set_xlim(min(-0.03, least - 0.03), 1.03)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.grid(axis="x", color=RULE)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)


def _legend(axes: Any) -> None:
    axes.set_axis_off()
    lines = [("says what the expert says:", INK), ("should stand to the right", GREEN)]
    lines += [
        ("", INK),
        ("says something else,", INK),
        ("nothing or the opposite:", INK),
        ("should stand at zero", RED),
    ]
    for position, (line, colour) in enumerate(lines):
        axes.text(0.06, 0.80 - 0.09 * position, line, color=colour, fontsize=14, transform=axes.transAxes)
