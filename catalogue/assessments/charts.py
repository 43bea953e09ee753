"""The radar of present and target, as a picture; a table with the same figures stands beside it."""

from typing import Any

import pygal
from pygal.style import Style

from catalogue.assessments.rules import Standing

NHS_BLUE, NHS_PINK, NHS_BLACK, NHS_GREY = "#005eb8", "#ae2573", "#212b32", "#768692"


def radar(standings: list[Standing], highest: int) -> bytes:
    """An SVG without scripts or outside references: safe to show as an image."""
    chart = pygal.Radar(
        js=[],
        disable_xml_declaration=False,
        show_legend=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        fill=False,
        width=760,
        height=640,
        margin=12,
        dots_size=5,
        stroke_style={"width": 4},
        range=(0, highest),
        y_labels=list(range(highest + 1)),
        style=Style(
            background="#ffffff", plot_background="#ffffff", foreground=NHS_BLACK, foreground_strong=NHS_BLACK,
            foreground_subtle=NHS_GREY, colors=(NHS_BLUE, NHS_PINK), font_family="Arial, sans-serif",
            label_font_size=17, major_label_font_size=17, legend_font_size=18, tooltip_font_size=16,
        ),
    )  # fmt: skip
    chart.x_labels = [_wrapped(standing.dimension) for standing in standings]
    chart.add("Where you stand", [standing.present for standing in standings])
    chart.add("What your seat asks for", [standing.target for standing in standings], stroke_style={
        "width": 3, "dasharray": "8, 6"
    })  # fmt: skip
    chart.add_xml_filter(_without_scripts)
    svg: bytes = chart.render()
    return svg


def _wrapped(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"


def _without_scripts(root: Any) -> Any:
    """pygal writes a script into every chart, even where it is told to use none."""
    for parent in root.iter():
        for child in list(parent):
            if isinstance(child.tag, str) and child.tag.endswith("script"):
                parent.remove(child)
    return root
