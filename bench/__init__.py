"""Figures, printed by make bench. Times are of this machine; ratios and certificates travel."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is there: times are those of one core
