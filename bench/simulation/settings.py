"""What is planted, setting by setting, with what ought to come of it: said before it was tried."""

from dataclasses import dataclass, replace

SEEDS = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """Shares and chances are 0 to 1; levels are the framework's five, 0 to 4."""

    name: str
    expected: str
    people: int = 30_000
    weeks: int = 60
    """As many cohorts arrive, one a week, assess themselves and are advised once."""
    offers: int = 200
    providers: int = 25
    hours: tuple[float, ...] = (6.0, 12.0, 24.0)
    """That people have; each as often as the others."""

    noise: float = 0.5
    """Of a rating in a dimension, each time: one standard deviation, in levels."""
    leniency: float = 0.4
    """By how much people rate themselves too well or too hard, every time alike: one standard deviation, in levels."""
    one_gap: bool = False
    """Whether everybody has a gap in one dimension alone."""

    spread: float = 0.35
    """How far what offers do differs from what they claim, as a share of it: one standard deviation."""
    over_claimed: float = 0.15
    """Of the offers, that claim to master what they hardly touch."""
    claims_mean_something: bool = True
    """Whether what an offer does has to do with the strength that its mapping claims."""
    stars_tell: float = 0.2
    """How far its stars follow what an offer does: a correlation."""
    crowd_knows: float = 0.0
    """How far its popularity at the start follows what an offer does in an hour: a correlation."""

    follow: float = 0.7
    """The chance that somebody takes an offer that they are advised to take."""
    own_choice: float = 0.25
    """Of the people, who choose for themselves, by what is popular."""
    again: float = 0.6
    """Of the people, who assess themselves again."""
    later: int = 2
    """Weeks until they do."""

    growth: float = 0.03
    """The chance that somebody makes a step in a dimension without any offer."""
    selection: float = 0.0
    """How far being driven, which nobody measures, makes people both take offers and grow without them."""
    stricter: float = 0.0
    """By how many levels takers of an offer rate themselves lower afterwards, knowing more (response shift)."""


USUAL = Setting("usual", "the advice wins, and its intervals hold")

SETTINGS = (
    USUAL,
    replace(USUAL, name="noisy ratings", expected="the advice wins by less", noise=0.9),
    replace(USUAL, name="lenient ratings", expected="gaps are hidden by leniency and ceiling", leniency=0.9),
    replace(USUAL, name="many over-claimed", expected="evidence matters most", over_claimed=0.4),
    replace(USUAL, name="driven people", expected="intervals miss: selection is not measured", selection=0.8),
    replace(USUAL, name="stricter afterwards", expected="intervals miss: response shift", stricter=0.15),
    replace(
        USUAL, name="claims mean nothing", expected="stars and crowd ought to win until there is evidence",
        claims_mean_something=False, stars_tell=0.8, crowd_knows=0.8,
    ),
    replace(USUAL, name="the crowd knows", expected="most popular is a strong rival", crowd_knows=0.9),
    replace(
        USUAL, name="one gap each", expected="best single match is nearly as good", one_gap=True, hours=(6.0,),
        over_claimed=0.0, spread=0.1,
    ),
)  # fmt: skip

EVERYBODY = replace(USUAL, name="1,500,000 people", expected="as usual", people=1_500_000, weeks=20)
