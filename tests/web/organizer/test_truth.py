"""Versions of the truth by upload: at once while unused, kept for judging anew once there are submissions."""

import json

HERE = "/competitions/pairs/organize/truth"


def lines(answer: str = "A", **words: str) -> bytes:
    rows = [
        {
            "id": "p_000",
            "answer": answer,
            "explanation": words.get("p", "Face Texture: Image A keeps more skin detail."),
        },
        {"id": "s_000", "answer": "B", "explanation": "Global Noise: Image B is cleaner in the sky."},
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def give(olga, content: bytes, name: str = "truth.jsonl"):
    return olga.post(f"{HERE}/main", files={"file": (name, content)})


def test_a_version_counts_at_once_while_nothing_was_sent(olga):
    shown = give(olga, lines("B")).text
    assert "Version 2 of main is kept: 2 items" in shown
    assert "Submissions are judged by it." in shown
    assert "1 reference argues against its own answer" in shown
    assert "<code>p_000</code>" in shown


def test_with_submissions_it_waits_for_judging_anew(olga, world, session):
    world.submit(world.entrant())
    session.commit()
    shown = give(olga, lines("B")).text
    assert "/competitions/pairs/organize/rescores?phase=main&amp;truth=2" in shown
    assert "Judge anew by it" in olga.get(HERE).text
    other = give(olga, lines().replace(b"s_000", b"s_001"))
    assert other.status_code == 409
    assert "The new truth has other items" in other.text


def test_a_bad_file_is_refused_with_its_findings_and_its_words_stay_text(olga):
    refused = give(olga, b'{"id": "<script>alert(1)</script>", "answer": "C"}\n', "<img src=x>.jsonl")
    assert refused.status_code == 422
    assert "How to mend it" in refused.text
    assert olga.post(f"{HERE}/main", file="").status_code == 422
    assert olga.post(f"{HERE}/none", files={"file": ("t.jsonl", lines())}).status_code == 404
