"""What would help in some dimensions: for the end of a report, where others see more to go than one does oneself."""

from collections.abc import Collection
from dataclasses import replace

from catalogue.assessments import queries as assessments
from catalogue.frameworks import queries as frameworks
from catalogue.offers.models import Offer
from catalogue.recommendations import queries as recommendations
from catalogue.recommendations.rules import USUAL_HOURS, Budget, choose


def offers_for(person_id: int, keys: Collection[str]) -> list[Offer]:
    """The best set for these dimensions in the usual hours, without what the person is on already.

    Where they think that they meet their target, and others see more to go, it is the next level that counts. Nothing
    for who has not assessed themself.
    """
    latest = next(iter(assessments.closed_of(person_id)), None)
    if latest is None or not keys:
        return []
    highest = frameworks.highest_level(latest.framework_id)
    standings = [
        replace(standing, target=max(standing.target, min(standing.present + 1, highest)))
        for standing in assessments.standings(latest)
        if standing.key in keys
    ]
    found = recommendations.candidates(latest, standings)
    answer = choose(recommendations.gaps(standings), found.candidates, Budget(hours=float(USUAL_HOURS)))
    return [found.offers[choice.key] for choice in answer.choices if choice.key not in found.on_plan]
