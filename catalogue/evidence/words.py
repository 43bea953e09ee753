"""What the figures can show and what they cannot: the page on evidence and ``docs/evidence.md`` say the same."""

CAN = (
    "Whether people who took an offer moved further in what it says that it changes than people like them who did not.",
    "How sure that is: the interval around each figure, and how many people it is of.",
)
CANNOT = (
    ("Who chooses to take it",
     "People who take an offer may differ from those who do not: keener, better led, with more time. They are compared"
     " with people who stood at the same level, whose seat asks for the same, and who waited about as long. What else"
     " sets them apart is in the figure."),
    ("Extremes come back",
     "Whoever answers unusually low once answers higher the next time, whatever they do. Both groups stood at the same"
     " level, so both do it alike; where the groups differ in truth, some of it is left."),
    ("Another yardstick",
     "Learning can show people how much there is to learn, so that they put themselves lower than before. Others'"
     " ratings are kept apart for that reason: they have not been on the course."),
    ("No room above",
     "Whoever stands high cannot move far. Each is compared with people who had the same room, and an offer is measured"
     " only on people who stood where it says that it begins."),
    ("Who answers again",
     "Only people who assess themselves twice can be counted. They are not everybody who took the offer."),
    ("Two offers at once",
     "Where somebody completed two offers on the same dimension in between, nobody can tell which it was: they are"
     " left out."),
    ("What others see",
     "Others' ratings are means of what was told of at least three people, or of a line manager. They are compared with"
     " those of people whom others saw about the same, whatever their seat, and are on a scale of agreement from 0 to"
     " 4, not in levels."),
)  # fmt: skip
