"""Completions that other systems tell of: xAPI statements, and files from Totara and ESR."""
