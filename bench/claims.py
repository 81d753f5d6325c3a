"""Explanations by the thousand: claims from a small grammar, the same for the same number, no two alike."""

import random

REGIONS = ("Face", "Hair", "Eyes", "Clothing", "Hands", "Background", "Sky", "Foliage", "Water", "Brickwork")
ASPECTS = {
    "Sharpness": ("draws the edges crisply", "leaves the edges soft"),
    "Texture": ("keeps the fine structure", "smooths the structure away"),
    "Noise": ("is clean", "is full of grain"),
    "Colour": ("is true to the scene", "has a colour cast"),
    "Exposure": ("holds the bright parts", "burns the bright parts out"),
    "Realism": ("looks like a photograph", "looks painted"),
}
DEGREES = ("clearly", "slightly", "somewhat", "much", "barely", "visibly")


def explanation(number: int, words: int) -> str:
    """Claims of about so many words in all, drawn by the number, which also stands in the text."""
    drawn = random.Random(number)
    text = [f"Pair {number}."]
    while len(" ".join(text).split()) < words:
        region, aspect = drawn.choice(REGIONS), drawn.choice(list(ASPECTS))
        better, worse = ASPECTS[aspect]
        winner, loser = drawn.sample("AB", 2)
        text.append(f"{region} {aspect}: Image {winner} {drawn.choice(DEGREES)} {better}, Image {loser} {worse}.")
    return " ".join(" ".join(text).split()[:words])
