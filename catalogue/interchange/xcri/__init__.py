"""XCRI-CAP 1.2, the XML in which providers in the UK advertise courses (a binding of BS EN 15982)."""
