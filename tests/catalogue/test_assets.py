"""What pages are dressed with is there."""

import re

from tests.visitor import Visitor


def test_every_picture_that_the_style_sheets_name_is_served(visitor: Visitor) -> None:
    for sheet in ("nhsuk/nhsuk-frontend.min.css", "everyseat.css"):
        visitor.get(f"/static/{sheet}")
        folder = f"/static/{sheet}".rsplit("/", 1)[0]
        named = set(re.findall(r"url\(([^)]+)\)", visitor.response.text))
        ours = {url for url in named if not url.startswith(("https://assets.nhs.uk/", "data:", "#"))}
        assert ours or sheet == "everyseat.css"
        for url in ours:
            visitor.get(url if url.startswith("/") else f"{folder}/{url}")
