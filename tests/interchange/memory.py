"""How much memory it takes to read files, measured in a process that does nothing else."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from catalogue.settings import Settings

# Not by getrusage: there, a process begins with the peak of the one that started it.
PEAK = """
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
"""
_MEASURE = f"""
import sys
from catalogue.interchange.limits import Unreadable
from catalogue.interchange.reading import read
from catalogue.interchange.names import Names
import openpyxl, lxml.etree
{PEAK}
before, offers = peak(), 0
for name in sys.argv[1:]:
    with open(name, "rb") as stream:
        try:
            for _offer in read(stream, name):
                offers += 1
        except Unreadable:
            pass
print(peak() - before, offers)
"""

_FEEDS = f"""
import sys
from catalogue.settings import Settings
from everyseat import create_app
{PEAK}
client = create_app(Settings(env="development", database_url=sys.argv[1], instance=sys.argv[2])).test_client()
names = ("xcri.xml", "offers.csv", "offers.jsonld", "runs.ics")
for name in names:  # what all of this takes by itself
    client.get(f"/feeds/{{name}}?q=meetings", base_url="https://127.0.0.1:8000").data
before, size = peak(), 0
for name in names:
    answer = client.get(f"/feeds/{{name}}", base_url="https://127.0.0.1:8000")
    size += sum(len(part) for part in answer.iter_encoded())
print(peak() - before, size)
"""


def growth_of_feeds(settings: Settings) -> tuple[int, int]:
    """By how many bytes the peak grows while all that is published goes out in every format; and how many those are."""
    command = [sys.executable, "-c", _FEEDS, settings.database, str(settings.instance)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    grown, size = ran.stdout.split()
    return int(grown), int(size)


def growth(files: Sequence[bytes]) -> tuple[int, int]:
    """By how many bytes the peak grows while files are read one after another; and how many offers are in them."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, content in enumerate(files):
            names.append(str(Path(folder) / f"{number}"))
            Path(names[-1]).write_bytes(content)
        ran = subprocess.run(
            [sys.executable, "-c", _MEASURE, *names], check=True, capture_output=True, text=True, timeout=300
        )
    grown, offers = ran.stdout.split()
    return int(grown), int(offers)
