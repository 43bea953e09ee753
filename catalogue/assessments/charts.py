"""The radar of present and target, as a picture; a table with the same figures stands beside it.

It is drawn for a phone first: labels are level and in full, and what tells the two lines apart is not colour
alone (a solid line with dots, a dashed line with squares). There is no style sheet and no script in it, so that
it looks the same under any content security policy.
"""

from html import escape
from math import cos, pi, sin

from catalogue.assessments.rules import Standing

BLUE, PINK, BLACK, GREY = "#005eb8", "#ae2573", "#212b32", "#aeb7bd"
WIDTH, HEIGHT = 400, 372
CENTRE_X, CENTRE_Y, RADIUS = 200.0, 164.0, 112.0
LINE = 15
"""The height of a line of text, in the picture's units."""

Point = tuple[float, float]


def radar(standings: list[Standing], highest: int) -> bytes:
    """An SVG without scripts, styles or outside references: safe to show as an image."""
    present = [_point(i, len(standings), s.present / highest) for i, s in enumerate(standings)]
    target = [_point(i, len(standings), s.target / highest) for i, s in enumerate(standings)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="Arial, Helvetica, sans-serif" font-size="13.5" fill="{BLACK}">',
        "<title>Your level in each dimension, and what your seat asks for</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_web(len(standings), highest),
        f'<polygon points="{_points(target)}" fill="none" stroke="{PINK}" stroke-width="2.5" stroke-dasharray="7 4"/>',
        f'<polygon points="{_points(present)}" fill="{BLUE}" fill-opacity="0.18" stroke="{BLUE}" stroke-width="3"/>',
        *(_square(x, y) for x, y in target),
        *(_dot(x, y) for x, y in present),
        *(_label(i, len(standings), s.dimension) for i, s in enumerate(standings)),
        *_legend(),
        "</svg>",
    ]
    return "".join(parts).encode()


def _point(number: int, count: int, share: float) -> Point:
    """Where a share of the way out lies on an axis; the first axis points up, the others follow clockwise."""
    angle = 2 * pi * number / max(count, 1)
    return CENTRE_X + RADIUS * share * sin(angle), CENTRE_Y - RADIUS * share * cos(angle)


def _points(points: list[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _web(count: int, highest: int) -> list[str]:
    """A ring for each level, and an axis for each dimension."""
    rings = [_points([_point(i, count, level / highest) for i in range(count)]) for level in range(1, highest + 1)]
    ends = [_point(i, count, 1) for i in range(count)]
    return [
        *(f'<polygon points="{ring}" fill="none" stroke="{GREY}" stroke-width="1"/>' for ring in rings),
        *(
            f'<line x1="{CENTRE_X}" y1="{CENTRE_Y}" x2="{x:.1f}" y2="{y:.1f}" stroke="{GREY}" stroke-width="1"/>'
            for x, y in ends
        ),
    ]


def _dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{BLUE}" stroke="#ffffff" stroke-width="1"/>'


def _square(x: float, y: float) -> str:
    return (
        f'<rect x="{x - 6:.1f}" y="{y - 6:.1f}" width="12" height="12" fill="#ffffff" stroke="{PINK}" '
        'stroke-width="2.5"/>'
    )


def _label(number: int, count: int, name: str) -> str:
    """The dimension's full name just outside its axis, on two lines where it is long."""
    x, y = _point(number, count, 1.1)
    sideways = (x - CENTRE_X) / RADIUS
    anchor = "middle" if abs(sideways) < 0.2 else ("start" if sideways > 0 else "end")
    lines = [name] if anchor == "middle" else _in_two(name)
    upwards = (CENTRE_Y - y) / RADIUS
    first = y + 4 - (len(lines) - 1) * LINE * (0.5 + 0.5 * upwards)
    spans = "".join(
        f'<tspan x="{x:.1f}" y="{first + row * LINE:.1f}">{escape(line)}</tspan>' for row, line in enumerate(lines)
    )
    return f'<text text-anchor="{anchor}">{spans}</text>'


def _in_two(name: str) -> list[str]:
    """The name cut at the space that leaves the longer of the two lines as short as can be."""
    words = name.split()
    cuts = [[" ".join(words[:at]), " ".join(words[at:])] for at in range(1, len(words))]
    return min(cuts, key=lambda lines: max(map(len, lines)), default=[name])


def _legend() -> list[str]:
    x, y = 102.0, 330.0
    return [
        f'<line x1="{x}" y1="{y}" x2="{x + 34}" y2="{y}" stroke="{BLUE}" stroke-width="3"/>',
        _dot(x + 17, y),
        f'<text x="{x + 44}" y="{y + 5}">Where you stand</text>',
        f'<line x1="{x}" y1="{y + 24}" x2="{x + 34}" y2="{y + 24}" stroke="{PINK}" stroke-width="2.5" '
        'stroke-dasharray="7 4"/>',
        _square(x + 17, y + 24),
        f'<text x="{x + 44}" y="{y + 29}">What your seat asks for</text>',
    ]
