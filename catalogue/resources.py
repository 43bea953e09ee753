"""Where templates, migrations and seed data lie: beside the packages in a checkout, inside them in a wheel."""

from pathlib import Path


def resource_dir(name: str) -> Path:
    """The folder of that name; raises ``FileNotFoundError`` where neither place has it."""
    here = Path(__file__).parent
    for folder in (here / "shipped" / name, here.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"no folder {name} beside the catalogue")
