"""Run every benchmark and print its figures, with the machine they were measured on."""

import os
import platform

from bench import recommender

if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}\n")
    recommender.report()
