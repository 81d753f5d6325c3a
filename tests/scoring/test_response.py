"""Raw model responses: what counts as the thinking and as the answer, among what models leave around them."""

import pytest

from app.scoring.response import Response, read_response

THOUGHT = "Face Texture: Image A is finer."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"<thinking>\n{THOUGHT}\n</thinking>\n<answer>A</answer>", Response(("A",), THOUGHT)),
        (f'<thinking>{THOUGHT}</thinking><answer>A</answer>"', Response(("A",), THOUGHT)),
        (f"<think>\n\n</think>\n\n<thinking>{THOUGHT}</thinking><answer>B</answer>", Response(("B",), THOUGHT)),
        (f"<THINKING>{THOUGHT}</Thinking><Answer> b </ANSWER> garbage <answer>", Response(("b",), THOUGHT)),
        (f"<thinking></thinking><thinking>{THOUGHT}</thinking><answer>A</answer>", Response(("A",), THOUGHT)),
        ("<thinking> </thinking><answer>A</answer>", Response(("A",), "")),
        ("<thinking>one</thinking><answer>A</answer><thinking>two</thinking>", Response(("A",), "one")),
        ("<thinking>a <thinking> tag</thinking><answer>A</answer>", Response(("A",), "a <thinking> tag")),
        (
            "<thinking>x <answer>A</answer> y</thinking><answer>B</answer>",
            Response(("A", "B"), "x <answer>A</answer> y"),
        ),
        ("<answer>or <answer>A</answer>", Response(("A",), None)),
        ("<answer></answer>", Response(("",), None)),
        ("<think>only this</think><answer>A</answer>", Response(("A",), None)),
        ("<thinking>cut off <answer>A", Response((), None)),
        ("</thinking></answer>", Response((), None)),
        ("<anſwer>A</anſwer>", Response((), None)),
        ("", Response((), None)),
    ],
)
def test_reads(text: str, expected: Response) -> None:
    assert read_response(text) == expected


def test_many_open_tags_stay_linear() -> None:
    """A lazy pattern would need some 10^11 steps here and run into the test's time limit."""
    assert read_response("<thinking><answer>" * 200_000) == Response((), None)
