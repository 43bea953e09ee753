"""Evidence of effect: whether people who took an offer moved further than those who did not."""
