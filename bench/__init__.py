"""Figures, printed by make bench. Times are of this machine; ratios and certificates travel."""
