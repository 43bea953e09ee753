"""Who somebody is: by registration and sub. What a launch gives, and what it never gives."""

from collections.abc import Callable
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select

from catalogue.extensions import db
from catalogue.people.models import Grant, Person
from catalogue.systems.models import Membership
from catalogue.transactions import run
from lti import launch
from lti.models import Identity, ResourceLink
from lti.models import Platform as Registered
from lti.platforms import actions
from tests.lti.platform import LTI, OTHER_KEY, TEACHER, Platform, jwk, serving
from tests.visitor import Visitor

Counts = Callable[[], dict[str, int]]


def test_the_first_launch_makes_a_person_and_the_second_finds_them(
    app: Flask, platform: Platform, counts: Counts, visitors: Callable[[], Visitor]
) -> None:
    before = counts()
    platform.launch(visitors())
    platform.launch(visitors(), name="Samantha Student", email="sam@example.com")
    after = counts()
    for model in ("Person", "Identity", "ResourceLink", "Context", "Arrival", "Membership"):
        assert after[model] == before[model] + 1, model
    with app.app_context():
        person = db.session.scalars(select(Identity)).one().person
        assert (person.name, person.email) == ("Samantha Student", "sam@example.com")


def test_a_launch_gives_membership_of_the_platforms_organisation_alone(
    app: Flask, visitor: Visitor, platform: Platform
) -> None:
    platform.launch(visitor)
    with app.app_context():
        identity = db.session.scalars(select(Identity)).one()
        held = db.session.scalars(select(Membership).where(Membership.person_id == identity.person_id)).all()
        assert [membership.organisation_id for membership in held] == [identity.platform.organisation_id]


def test_an_email_address_in_a_claim_links_nobody(
    app: Flask, visitor: Visitor, platform: Platform, add_person: Callable[..., int]
) -> None:
    local = add_person("Sam Student")
    with app.app_context():
        email = db.session.get_one(Person, local).email
    platform.launch(visitor, email=email)
    with app.app_context():
        assert db.session.scalars(select(Identity)).one().person_id != local


def test_a_second_registration_of_the_same_issuer_reaches_nobody(
    app: Flask, visitors: Callable[[], Visitor], platform: Platform, register: Callable[[Platform], int]
) -> None:
    platform.launch(visitors())
    second = Platform(client_id="client-2", deployment="2", keys=[jwk(OTHER_KEY, "key-1")])
    with serving(second):
        keys_at, second.url = second.url, platform.url
        with app.app_context():
            given = actions.Registration(**second.registration | {"jwks_url": f"{keys_at}/certs"})
            run(lambda: actions.add_platform(given, development=True))
        second.launch(visitors(), sign=lambda p, claims: p.sign(claims, OTHER_KEY))
    with app.app_context():
        first, other = db.session.scalars(select(Identity).order_by(Identity.id))
        assert first.sub == other.sub
        assert first.person_id != other.person_id


@pytest.mark.parametrize(
    "role",
    [
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/membership#Administrator",
        "Administrator",
    ],
)
def test_no_role_of_a_platform_grants_administration(
    app: Flask, visitor: Visitor, platform: Platform, role: str
) -> None:
    platform.launch(visitor, [role], custom={"role": "administrator", "grant": "administrator"})
    visitor.get("/admin", 404)
    visitor.get("/admin/platforms", 404)
    with app.app_context():
        assert db.session.scalars(select(Grant)).all() == []


def test_a_launch_ends_the_session_that_was_there(visitor: Visitor, platform: Platform) -> None:
    with visitor.client.session_transaction(base_url="https://127.0.0.1:8000") as session:
        session["left"] = "over"
    platform.launch(visitor)
    with visitor.client.session_transaction(base_url="https://127.0.0.1:8000") as session:
        assert "left" not in session


def test_suspending_a_platform_ends_its_sign_ins_and_refuses_launches(
    app: Flask, visitor: Visitor, platform: Platform, learner: Visitor, administrator: Visitor, counts: Counts
) -> None:
    platform.launch(visitor)
    visitor.get("/enrolments")
    asked = platform.log_in(visitor)
    administrator.get("/admin/platforms/1")
    administrator.press("Suspend Test Moodle")
    visitor.get("/enrolments", 302)
    learner.get("/enrolments")
    before = counts()
    token = platform.sign(platform.claims(asked["nonce"]))
    visitor.post("/lti/launch", {"id_token": token, "state": asked["state"]}, 403)
    visitor.post("/lti/login", platform.initiation(), 403)
    assert counts() == before
    administrator.get("/admin/platforms/1")
    administrator.press("Activate Test Moodle")
    platform.launch(visitor)


@pytest.mark.both_databases
def test_a_launch_under_way_while_its_platform_is_suspended_is_signed_out(
    visitor: Visitor, platform: Platform, administrator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    vouched_for, suspending = launch.vouched_for, Thread(target=lambda: administrator.press("Suspend Test Moodle"))
    platform.launch(visitor)
    administrator.get("/admin/platforms/1")

    def slowly(people: list[Person], organisation_id: int) -> None:
        vouched_for(people, organisation_id)
        if suspending.ident is None:
            suspending.start()
            suspending.join(0.5)

    monkeypatch.setattr(launch, "vouched_for", slowly)
    platform.launch(visitor)
    suspending.join()
    visitor.get("/enrolments", 302)


def test_a_suspended_person_is_refused(app: Flask, visitor: Visitor, platform: Platform, counts: Counts) -> None:
    from catalogue.people import actions as people

    platform.launch(visitor)
    with app.app_context():
        run(lambda: people.suspend(db.session.scalars(select(Identity)).one().person))
    before = counts()
    platform.launch(visitor, status=403)
    assert "switched off" in visitor.text()
    assert "reference" not in visitor.text().lower()
    assert counts() == before


TARGETS = {
    "home": ({"target": "home"}, "/"),
    "nothing": ({}, "/"),
    "unknown": ({"target": "admin"}, "/"),
    "assessment": ({"target": "assessment"}, "/assessments"),
    "recommendations": ({"target": "recommendations"}, "/recommendations"),
    "offers": ({"target": "Offers"}, "/offers"),
    "an offer": (
        {"target": "offer", "offer": "running-meetings-people-value"},
        "/offers/running-meetings-people-value",
    ),
    "an offer of nobody": ({"target": "offer", "offer": "none"}, "/"),
    "no offer": ({"target": "offer"}, "/offers"),
    "an address": ({"target": "https://evil.example"}, "/"),
    "an address as offer": ({"target": "offer", "offer": "//evil.example"}, "/"),
    "a path upwards": ({"target": "offer", "offer": "../admin"}, "/"),
    "not texts": ({"target": ["offer"], "offer": {"a": 1}}, "/"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_link_opens_what_its_custom_parameters_name(visitor: Visitor, platform: Platform, case: str) -> None:
    custom, path = TARGETS[case]
    platform.launch(visitor, custom=custom)
    assert visitor.response.headers["Location"] == path


def test_in_a_frame_only_the_platform_may_show_us_and_in_a_window_nobody(
    platform: Platform, visitors: Callable[[], Visitor]
) -> None:
    for target, ancestors in (("iframe", platform.url), ("frame", platform.url), ("window", "'none'")):
        visitor = visitors()
        platform.launch(visitor, launch_presentation={"document_target": target})
        visitor.follow()
        assert f"frame-ancestors {ancestors}" in visitor.response.headers["Content-Security-Policy"]


def test_what_a_platform_says_is_kept_clean(app: Flask, visitor: Visitor, platform: Platform) -> None:
    platform.launch(
        visitor, name="Sam\x00 \ud800Stu\ndent " + "x" * 500, change=lambda c: c[LTI + "context"].update(title=7)
    )
    with app.app_context():
        name = db.session.scalars(select(Identity)).one().person.name
        assert name.startswith("Sam  Stu dent x")
        assert len(name) <= 200


def test_a_joined_name_is_cut_and_an_email_address_that_is_too_long_is_dropped(
    app: Flask, visitor: Visitor, platform: Platform
) -> None:
    platform.launch(
        visitor, name="", email="x" * 250 + "@example.com",
        change=lambda c: c.update(given_name="g" * 150, family_name="f" * 150),
    )  # fmt: skip
    with app.app_context():
        person = db.session.scalars(select(Identity)).one().person
        assert (len(person.name), person.name.count("g"), person.email) == (200, 150, "")


def test_an_instructor_of_another_platform_does_not_see_a_course(
    visitors: Callable[[], Visitor], platform: Platform, register: Callable[[Platform], int], app: Flask
) -> None:
    teacher = visitors()
    platform.launch(teacher, TEACHER, sub="3")
    teacher.get("/lti/course/1")
    with serving(Platform(client_id="other")) as second:
        register(second)
        stranger = visitors()
        second.launch(stranger, TEACHER, sub="3")
        stranger.get("/lti/course/1", 404)
        stranger.get("/lti/course/2")
    with app.app_context():
        assert len(db.session.scalars(select(ResourceLink)).all()) == 2
        assert len(db.session.scalars(select(Registered)).all()) == 2
