"""A programme: an offer whose steps are other offers, of several providers, some of them by choice."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import func, select

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.offers.actions import publish, publish_many, retire
from catalogue.offers.models import Offer, OfferVersion
from catalogue.offers.references import References, content_of, name_of
from catalogue.offers.rules import in_sections, way_back
from catalogue.transactions import run
from tests.offers.conftest import Described, add

ACADEMY = "nhs-leadership-academy"
OTHER = "example-larkfold"


def step(offer: str = "", key: str = "a", **more: Any) -> dict[str, Any]:
    return {"key": key, "title": f"Step {key}", "minutes": 60, "offer": offer} | more


def programme(key: str, *steps: dict[str, Any], **more: Any) -> Described:
    return Described(key, f"Programme {key}", more={"step": list(steps)} | more)


def put(*described: Described, provider: str = ACADEMY) -> None:
    run(lambda: [add(one, provider) for one in described])


def offer_of(key: str) -> Offer:
    return db.session.scalars(select(Offer).where(Offer.key == key)).one()


ELECTIVES = {"key": "electives", "title": "What you need", "text": "Ask a colleague.", "choose": 2}
FULL: dict[str, Any] = {
    "partners": [OTHER],
    "seats": ["ward-manager"],
    "for_plan_leads": True,
    "for_seats_only": True,
    "approval_needed": True,
    "sessions_needed": 3,
    "reassessment_needed": True,
    "group": [{"key": "first", "title": "To begin with"}, ELECTIVES],
}


@pytest.mark.both_databases
def test_what_a_programme_says_is_published_and_read_back_as_it_was(app: Flask) -> None:
    with app.app_context():
        put(Described("basics", "Basics"), Described("before", "Before"))
        put(Described("x", "X"), Described("y", "Y"), Described("z", "Z"), provider=OTHER)
        steps = [
            step(key="own", text="Read **this**."),
            step(f"{ACADEMY}/basics", "basics", group="first"),
            *(step(f"{OTHER}/{key}", key, group="electives") for key in "xyz"),
        ]
        put(programme("all", *steps, **FULL, prerequisite_offers=[f"{ACADEMY}/before"]))
        offer = offer_of("all")
        said = content_of(offer.published)
        wanted = programme("all", *steps, **FULL, prerequisite_offers=[f"{ACADEMY}/before"]).content
        assert said.model_dump(exclude={"mapping"}) == wanted.model_dump(exclude={"mapping"})
        assert offer.published.is_programme
        assert [one.offer.key if one.offer else None for one in offer.published.steps] == [None, "basics", *"xyz"]
        run(lambda: publish(offer_of("all"), said, References()))
        assert db.session.scalar(select(func.max(OfferVersion.number)).where(OfferVersion.offer_id == offer.id)) == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"group": [ELECTIVES | {"choose": 3}]}, "nobody can choose 3"),
        ({"group": [ELECTIVES, {"key": "none", "title": "Nothing in it"}]}, "no step in the group “Nothing in it”"),
        ({"group": []}, "no group electives"),
        ({"group": [ELECTIVES, ELECTIVES]}, "group electives stands twice"),
        ({"step": [step("a/b"), step("a/b", "c")]}, "offer a/b stands twice"),
        ({"step": [step()]}, "only a self-paced offer has steps, unless other offers are among them"),
        ({"for_seats_only": True}, "say which seats"),
        ({"sessions_needed": 1, "mode": "self-paced"}, "no sessions"),
        ({"step": [step("no-slash")]}, "should match pattern"),
        ({"step": [step("a/b\u2028c")]}, "cannot be printed"),
    ],
)
def test_what_does_not_go_together_is_refused_in_plain_words(changed: dict[str, Any], reason: str) -> None:
    plain = {"group": [ELECTIVES], "step": [step(f"a/{key}", key, group="electives") for key in "xy"]}
    assert programme("p", **plain).content.is_programme  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=reason):
        _ = programme("p", **plain | changed if "group" in changed else changed).content  # type: ignore[arg-type]


@pytest.mark.both_databases
def test_what_is_not_in_the_catalogue_for_everybody_is_no_step_of_a_programme(app: Flask) -> None:
    with app.app_context():
        put(
            Described("open", "Open"),
            Described("gone", "Gone"),
            Described("closed", "Closed", more={"members_only": True}),
        )
        run(lambda: retire(offer_of("gone")))
        for key, reason in (("gone", "no offer .*/gone"), ("never", "no offer .*/never"), ("closed", "for members")):
            with pytest.raises(Refused, match=reason):
                put(programme("p", step(f"{ACADEMY}/open"), step(f"{ACADEMY}/{key}", "b")))
            with pytest.raises(Refused, match=reason):
                put(Described("q", "Q", more={"prerequisite_offers": [f"{ACADEMY}/{key}"]}))


@pytest.mark.both_databases
def test_no_programme_comes_back_to_itself_however_long_the_way(app: Flask) -> None:
    with app.app_context():
        put(Described("a", "A"), programme("b", step(f"{ACADEMY}/a")), programme("c", step(f"{ACADEMY}/b")))
        needs_c = {"prerequisite_offers": [f"{ACADEMY}/c"]}
        put(Described("d", "D", more=needs_c))
        for wrong in (
            programme("a", step(f"{ACADEMY}/a")),
            programme("a", step(f"{ACADEMY}/b")),
            programme("a", step(f"{ACADEMY}/d")),
            Described("a", "A", more=needs_c),
            Described("a", "A", more={"prerequisite_offers": [f"{ACADEMY}/a"]}),
        ):
            with pytest.raises(Refused, match=r"of itself|before it|has this offer as a step"):
                run(lambda: publish(offer_of("a"), wrong.content, References()))  # noqa: B023
        run(lambda: publish(offer_of("d"), programme("d", step(f"{ACADEMY}/c")).content, References()))


@pytest.mark.both_databases
def test_two_that_are_published_together_do_not_contain_each_other(app: Flask) -> None:
    with app.app_context():
        put(Described("a", "A"), Described("b", "B"))

        def both() -> None:
            documents = [(key, programme(key, step(f"{ACADEMY}/{other}")).content) for key, other in ("ab", "ba")]
            publish_many([(offer_of(key), content) for key, content in documents], References())

        with pytest.raises(Refused, match="has this offer as a step"):
            run(both)
        assert not any(offer_of(key).published.is_programme for key in "ab")


def test_the_name_of_an_offer_is_read_whatever_signs_its_key_has(app: Flask) -> None:
    with app.app_context():
        put(Described("our key/17 (new) | 50%", "Odd"))
        odd = offer_of("our key/17 (new) | 50%")
        put(programme("p", step(name_of(odd))))
        assert offer_of("p").published.steps[0].offer_id == odd.id


GRAPHS = st.dictionaries(st.integers(0, 7), st.sets(st.integers(0, 7), max_size=4), max_size=8)


@given(GRAPHS, st.integers(0, 7))
def test_there_is_a_way_back_just_where_one_can_walk_it(needs: dict[int, set[int]], start: int) -> None:
    reached, onward = set[int](), set(needs.get(start, ()))
    while onward - reached:  # a step further each time, until nothing is new
        reached |= onward
        onward = {far for near in reached for far in needs.get(near, ())}
    found = way_back(needs, start)
    assert (found is not None) == (start in reached)
    assert found is None or found in needs[start]


@given(st.lists(st.tuples(st.integers(), st.sampled_from(["", "g", "h"]))))
def test_no_step_is_lost_or_doubled_by_being_put_in_its_group(steps: list[tuple[int, str]]) -> None:
    sections = in_sections(steps, lambda step: step[1])
    assert sorted(one for _group, some in sections for one in some) == sorted(steps)
    assert all(one[1] == group for group, some in sections for one in some)
    named = [group for group, _some in sections if group]
    assert len(named) == len(set(named))
    for group in named:
        assert [some for name, some in sections if name == group] == [[one for one in steps if one[1] == group]]
