"""What is held about a person, until when, and how it is given out and erased."""
