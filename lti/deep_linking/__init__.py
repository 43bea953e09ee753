"""What a teacher places in a course without leaving it."""
