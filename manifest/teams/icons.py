"""Draws the two icons of the Teams app: python manifest/teams/icons.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image, ImageDraw

NAVY, WHITE, AMBER, CLEAR = (31, 58, 95, 255), (255, 255, 255, 255), (245, 166, 35, 255), (0, 0, 0, 0)
FINE = 8
"""Drawn this much larger and made smaller, so that edges are smooth."""
BARS = ((0.20, 0.52), (0.43, 0.36), (0.66, 0.20))
"""Left edge and top of each bar, as shares of the side."""
WIDTH, FOOT = 0.14, 0.80


def color() -> Image.Image:
    """Return the icon in colour, 192 pixels: three bars that rise, the last one over its budget."""
    return _bars(192, NAVY, (WHITE, WHITE, AMBER))


def outline() -> Image.Image:
    """Return the icon in outline, 32 pixels: white on nothing."""
    return _bars(32, CLEAR, (WHITE, WHITE, WHITE))


def _bars(side: int, ground: tuple[int, ...], inks: tuple[tuple[int, ...], ...]) -> Image.Image:
    size = side * FINE
    # A clear ground is white without opacity, so that smoothing leaves no dark edge.
    image = Image.new("RGBA", (size, size), ground if ground[3] else (*WHITE[:3], 0))
    draw = ImageDraw.Draw(image)
    for (left, top), ink in zip(BARS, inks, strict=True):
        box = (left * size, top * size, (left + WIDTH) * size, FOOT * size)
        draw.rounded_rectangle(box, radius=WIDTH * size / 4, fill=ink)
    return image.resize((side, side), Image.Resampling.BOX)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    color().save(folder / "color.png", optimize=True)
    outline().save(folder / "outline.png", optimize=True)
