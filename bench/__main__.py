"""Run every benchmark and print its figures, with the machine they were measured on."""

import os
import platform

from bench import imports, recommender, search, tracking
from bench import map as coverage_map

if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}\n")
    recommender.report()
    coverage_map.report()
    search.report()
    tracking.report()
    imports.report()
