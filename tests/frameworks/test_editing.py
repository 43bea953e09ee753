"""New versions of a framework: written by one, decided on by another, and never changed once published."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.frameworks.models import Dimension, Framework, RoleTarget
from catalogue.frameworks.queries import content_of, versions_of
from catalogue.people.models import Role
from catalogue.transactions import run
from tests.assessments.test_assessing import assess
from tests.visitor import Visitor

MODEL = "healthcare-leadership-model"


def begun(administrator: Visitor) -> str:
    administrator.get("/admin/frameworks")
    administrator.press("New version of Healthcare Leadership Model, version 1.0")
    return administrator.response.headers["Location"]


def contents(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {framework.version: content_of(framework).model_dump_json() for framework in versions_of(MODEL)}


@pytest.mark.both_databases
def test_a_new_version_is_written_reviewed_by_somebody_else_and_used_from_then_on(
    app: Flask, administrator: Visitor, learner: Visitor, add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    reviewer = sign_in(add_person("Rita Reviewer", Role.REVIEWER))
    before = contents(app)["1.0"]
    result = assess(learner, agreement=1)
    draft = begun(administrator)
    administrator.get(f"{draft}/dimensions/care")
    administrator.press(
        "Save", name="Leading with great care",
        **{"level-0-statement-0-own": "I look after the people I work with.",
           "level-0-statement-3-own": "I notice when somebody is tired.",
           "level-0-statement-3-others": "They notice when somebody is tired.",
           "level-1-statement-0-own": "", "level-1-statement-0-others": ""},
    )  # fmt: skip
    administrator.follow()
    assert "Leading with great care" in administrator.text()
    administrator.press("Send to review")
    administrator.follow()
    assert "Somebody else decides on it" in administrator.text()
    administrator.post(f"{draft}/publish", {"csrf_token": administrator.csrf_token()}, status=409)
    administrator.get(f"{draft}/dimensions/care")
    administrator.press("Save", status=409)

    reviewer.get(draft)
    assert "I notice when somebody is tired. (new or changed)" in reviewer.text()
    reviewer.press("Ask for changes", status=422, comment="")
    assert "Say what should be changed" in reviewer.text()
    reviewer.press("Ask for changes", comment="Name it as it was.")
    administrator.get(draft)
    assert "Name it as it was." in administrator.text()
    administrator.get(f"{draft}/dimensions/care")
    administrator.press("Save", name="Leading with care")
    administrator.follow()
    administrator.press("Send to review")
    reviewer.get(draft)
    reviewer.press("Publish")
    reviewer.follow()
    assert "version 1.1, is published" in reviewer.text()

    after = contents(app)
    assert after["1.0"] == before, "a published version never changes"
    assert "I notice when somebody is tired." in after["1.1"]
    with app.app_context():
        counts = [
            len(db.session.scalars(select(RoleTarget.id).join(Dimension, Dimension.id == RoleTarget.dimension_id)
                                   .where(Dimension.framework_id == framework.id)).all())
            for framework in versions_of(MODEL)
        ]  # fmt: skip
        assert counts[0] == counts[1] > 0, "what seats ask for goes with it"
    learner.get(result)
    assert len(learner.page.select("table tbody tr")) == 9, "what was assessed stays with its version"
    learner.get("/recommendations")
    assert "of your gap" in learner.text(), "offers that are mapped to the earlier version are found by the newer one"
    assess(learner, agreement=1)
    learner.get("/recommendations")
    assert "of your gap" in learner.text()
    learner.get("/offers?dimension=care")
    assert "0 offers" not in learner.page.select_one("main h2").get_text()  # type: ignore[union-attr]


def test_two_who_change_a_draft_do_not_write_over_each_other(
    administrator: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    other = sign_in(add_person("Olga", Role.ADMINISTRATOR))
    draft = begun(administrator)
    administrator.get(f"{draft}/about")
    other.get(f"{draft}/about")
    other.press("Save", notice="Other words.")
    administrator.press("Save", status=409, notice="My words.")
    assert "Somebody else has changed this draft meanwhile" in administrator.text()
    administrator.get(f"{draft}/about")
    assert "Other words." in administrator.response.text


def test_a_draft_that_is_not_whole_says_so_and_is_not_sent(administrator: Visitor) -> None:
    draft = begun(administrator)
    administrator.get(f"{draft}/about")
    administrator.press("Save", status=422, name="")
    assert "Give it a name" in administrator.text()
    administrator.get(f"{draft}/dimensions/team")
    empty = {f"level-0-statement-{number}-{form}": "" for number in range(9) for form in ("own", "others")}
    administrator.press("Save", **empty)
    administrator.follow()
    assert "Not whole yet" in administrator.text()
    administrator.press("Send to review", status=409)
    administrator.get(draft)
    administrator.press("Throw this draft away")
    administrator.get(draft, status=404)


def test_levels_and_dimensions_are_added_moved_and_taken_out(
    app: Flask, administrator: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    draft = begun(administrator)
    administrator.follow()
    assert "No seat will have a target" not in administrator.text()
    administrator.get(f"{draft}/dimensions")
    administrator.press("Add", status=422, name=" ")
    assert "Give the dimension a name" in administrator.text()
    administrator.press("Add", name="Listening")
    administrator.follow()
    said = {f"level-{n}-heading": f"Listening {n}" for n in range(4)}
    said |= {f"level-{n}-statement-0-own": f"I listen {n}." for n in range(4)}
    administrator.press("Save", what="Hearing people out.", **said)
    administrator.follow()
    assert "No seat will have a target in Listening" in administrator.text()
    administrator.press("Take out Leading with care")
    administrator.get(f"{draft}/levels")
    administrator.press("Save", status=422, **{"level-1-name": ""})
    summary = administrator.page.select_one(".nhsuk-error-summary a")
    assert summary is not None
    assert (summary.get_text(strip=True), summary["href"]) == ("Give the level a name", "#level-1-name")
    administrator.press("Save", **{"level-1-name": "Basic", "further": "Beyond"})
    administrator.follow()
    assert "Engaging the team, beyond, heading" in administrator.text(), "it is named what is missing, and where"
    administrator.press("Send to review", status=409)
    administrator.get(f"{draft}/levels")
    administrator.press("Save and take out the highest level")
    administrator.get(f"{draft}/dimensions/team")
    first, second = (one.get_text(strip=True) for one in administrator.page.select("textarea[name$=-own]")[:2])
    administrator.press("Save and move up statement 2 of Basic")
    administrator.follow()
    moved = [one.get_text(strip=True) for one in administrator.page.select("textarea[name$=-own]")[:2]]
    assert moved == [second, first]
    administrator.get(draft)
    administrator.press("Send to review")
    reviewer = sign_in(add_person("Rita Reviewer", Role.REVIEWER))
    reviewer.get(draft)
    assert "No seat will have a target in Listening" in reviewer.text()
    reviewer.press("Publish")
    with app.app_context():
        newest = content_of(versions_of(MODEL)[0])
        assert [level.name for level in newest.level][:2] == ["Insufficient", "Basic"]
        keys = [dimension.key for dimension in newest.dimension]
        assert "care" not in keys
        assert keys[-1] == "listening"
    reviewer.get(f"/frameworks/{MODEL}")
    assert "it is the same as Creating the vision" in reviewer.text(), "a crosswalk holds for the next version too"


DOORS: dict[str, Callable[[Framework], None]] = {
    "its name": lambda one: setattr(one, "name", "Another name"),
    "its number": lambda one: setattr(one, "version", "9"),
    "a level": lambda one: setattr(one.levels[1], "meaning", "Something else."),
    "a dimension": lambda one: setattr(one.dimensions[0], "what", "Something else."),
    "a heading": lambda one: setattr(one.dimensions[0].headings[0], "heading", "Something else"),
    "a statement": lambda one: setattr(one.dimensions[0].statements[0], "self_form", "Something else."),
    "a statement that goes": lambda one: db.session.delete(one.dimensions[0].statements[0]),
    "a level that goes": lambda one: db.session.delete(one.levels[4]),
    "all of it that goes": db.session.delete,
}


def test_a_published_version_never_changes_by_whatever_door(app: Flask) -> None:
    before = contents(app)
    with app.app_context():
        for opened in DOORS.values():

            def through(opened: Callable[[Framework], None] = opened) -> None:
                opened(versions_of(MODEL)[0])
                db.session.flush()

            with pytest.raises(Refused, match="A published version"):
                run(through)
    assert contents(app) == before


def test_the_only_version_that_assessments_use_cannot_be_retired(app: Flask, administrator: Visitor) -> None:
    administrator.get("/admin/frameworks")
    administrator.press("Retire Healthcare Leadership Model, version 1.0", status=409)
    administrator.get("/admin/frameworks")
    administrator.press("Retire Leadership Framework, version 1.0")
    administrator.get("/frameworks")
    assert "Leadership Framework" not in [link.get_text() for link in administrator.page.select("main h2 a")]
    administrator.get("/frameworks/leadership-framework", status=404)
    administrator.get("/frameworks/leadership-framework?version=1.0")
    assert "This version was retired" in administrator.text()


def test_reviewers_decide_and_do_not_write(
    administrator: Visitor, learner: Visitor, add_person: Callable[..., int], sign_in: Callable[[int], Visitor]
) -> None:
    draft = begun(administrator)
    reviewer = sign_in(add_person("Rita Reviewer", Role.REVIEWER))
    for page in (f"{draft}/about", f"{draft}/dimensions/care"):
        reviewer.get(page, status=404)
    for action in ("submit", "discard", "move/care"):
        reviewer.post(f"{draft}/{action}", {"csrf_token": reviewer.csrf_token()}, status=404)
    for page in (draft, f"{draft}/about", "/admin/frameworks"):
        learner.get(page, status=404)
    administrator.get(f"{draft}/dimensions/nothing", status=404)
    administrator.post(f"{draft}/move/care", {"csrf_token": administrator.csrf_token()})
    administrator.get(draft)
    names = [link.get_text() for link in administrator.page.select(".app-offer-list a")]
    assert names.index("Leading with care") == names.index("Inspiring shared purpose") - 1


def test_the_frameworks_are_there_for_anybody(app: Flask, visitor: Visitor) -> None:
    visitor.get("/frameworks")
    assert "Leadership Framework" in visitor.text()
    with app.app_context():
        keys = set(db.session.scalars(select(Framework.key)))
    for key in keys:
        visitor.get(f"/frameworks/{key}")
    visitor.get("/frameworks/nothing", status=404)
    visitor.get(f"/frameworks/{MODEL}?version=9", status=404)
