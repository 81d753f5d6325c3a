"""A scenario's result: what was asked, the rows, what they say; shown on a terminal and written as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario: its name on the command line, the question, a table, and sentences on what holds it back."""

    name: str
    title: str
    question: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]

    def show(self, console: Console) -> None:
        """Print it; the first column is text, the others are numbers."""
        table = Table(title=self.title, title_justify="left")
        for position, column in enumerate(self.columns):
            table.add_column(column, justify="right" if position else "left")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for note in self.notes:
            console.print(f"- {note}", markup=False, highlight=False)
        console.print()

    def markdown(self) -> str:
        """The same as a section of docs/performance.md."""
        rule = ["---"] + ["---:"] * (len(self.columns) - 1)
        lines = [f"| {' | '.join(cells)} |" for cells in (self.columns, rule, *self.rows)]
        notes = "\n".join(f"- {note}" for note in self.notes)
        command = f"`make bench`, or alone `python -m bench {self.name}`"
        return f"## {self.title}\n\n{self.question}\n\nRun by {command}.\n\n" + "\n".join(lines) + f"\n\n{notes}\n"


def seconds(value: float) -> str:
    """A duration with three digits that mean something."""
    return f"{value * 1000:.0f} ms" if value < 0.9995 else f"{value:.2f} s"


def ratio(value: float) -> str:
    """A ratio with two decimals below ten and none above."""
    return f"{value:.2f} x" if value < 10 else f"{value:.0f} x"
