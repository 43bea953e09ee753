"""The trend by month, as a picture; a table with the same figures stands beside it.

pygal draws it with a style sheet and a script in it. Both are taken out, and what the style sheet says that matters is
said by attributes, so that the picture looks the same under any content security policy.
"""

from collections.abc import Sequence
from typing import Any

import pygal
from pygal.style import Style

from catalogue.reports.tracking.figures import Month

BLUE, PINK, BLACK, GREY = "#005eb8", "#ae2573", "#212b32", "#aeb7bd"
COLOURS = (BLUE, PINK)
FONT = "Arial, Helvetica, sans-serif"
SVG = "{http://www.w3.org/2000/svg}"
NOT_DRAWN = ("defs", "script", "style", "desc")


def trend(months: Sequence[Month]) -> bytes:
    """An SVG without scripts, styles or outside references: people who joined and people who completed, by month."""
    nothing = not any(month.joined or month.completed for month in months)
    chart = pygal.Bar(
        js=[], width=800, height=360, margin=10, legend_at_bottom=True, legend_box_size=16, include_x_axis=True,
        show_dots=False, x_label_rotation=45, truncate_label=-1, truncate_legend=-1, pretty_print=False,
        disable_xml_declaration=False, no_data_text="", style=Style(font_family=FONT, label_font_size=16),
        value_formatter=lambda value: f"{value:,.0f}", range=(0, 1) if nothing else None,
    )  # fmt: skip
    chart.x_labels = [f"{month.first:%b %Y}" for month in months]
    chart.add("Joined", [month.joined for month in months])
    chart.add("Completed", [month.completed for month in months])
    chart.add_xml_filter(plain)
    return bytes(chart.render())


def plain(root: Any) -> Any:
    """Takes out what is run or styled, and what is shown only by a script, and says colours by attributes."""
    root.set("font-family", FONT)
    root.set("font-size", "16")
    root.set("fill", BLACK)
    for parent in list(root.iter()):
        for child in list(parent):
            unnamed = not isinstance(child.tag, str)  # a comment
            if unnamed or child.tag.removeprefix(SVG) in NOT_DRAWN or "tooltip" in child.get("class", "").split():
                parent.remove(child)
    for title in root.findall(f"{SVG}title"):
        title.text = "People who joined and people who completed, by month"
    _colour(root, "")
    return root


def _colour(element: Any, series: str) -> None:
    names = element.get("class", "").split()
    for name in names:
        if name.startswith(("serie-", "color-")) and name.rpartition("-")[2].isdigit():
            series = COLOURS[int(name.rpartition("-")[2]) % len(COLOURS)]
    tag = element.tag.removeprefix(SVG)
    if tag == "rect" and "background" in names:
        element.set("fill", "#ffffff")
    elif tag == "rect":  # full and hollow: not told apart by their colours alone
        element.set("fill", "#ffffff" if series == PINK else BLUE)
        element.set("stroke", series or BLUE)
        element.set("stroke-width", "2")
    elif tag == "path":
        element.set("fill", "none")
        element.set("stroke", GREY if "guide" in names else BLACK)
    elif tag == "text" and element.get("x", "").startswith("-"):  # a number at the left of its line
        element.set("text-anchor", "end")
    for name in ("style", "onclick", "onload"):
        element.attrib.pop(name, None)
    for child in element:
        _colour(child, series)
