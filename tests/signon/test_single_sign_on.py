"""Staff sign in at their organisation's provider; accounts are never linked by what it says beside the subject."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from catalogue.extensions import db
from catalogue.people import actions as people
from catalogue.people.models import AuditEvent, IdentityProvider, Person, Role, SignIn, StaffIdentity
from catalogue.signon import actions, queries
from catalogue.signon.rules import Settings
from catalogue.systems.models import Membership, Organisation
from tests.conftest import Ask
from tests.people.door import is_signed_in
from tests.signon.provider import CLIENT_ID, ISSUER, SECRET, Provider
from tests.visitor import Visitor


@pytest.mark.both_databases
def test_a_new_subject_is_a_new_person_of_the_organisation_without_a_role(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask
) -> None:
    provider.claims = {"name": "Nia  Nurse", "email": "nia@trust.example"}
    visitor.get("/sign-in?next=/enrolments")
    link = visitor.page.select_one("a[href^='/sign-in/with/riverside']")
    assert link is not None
    visitor.get(str(link["href"]), status=302)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(visitor.response.headers["Location"]).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/sign-in/from/riverside"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    visitor.get(provider.sign_in(visitor.response.headers["Location"]), status=302)
    assert visitor.response.headers["Location"] == "/enrolments"
    assert is_signed_in(visitor)

    def read() -> tuple[object, ...]:
        person = db.session.scalars(select(Person).where(Person.name == "Nia Nurse")).one()
        member = select(Organisation.key).join(Membership).where(Membership.person_id == person.id)
        return person.email, person.all_grants, db.session.scalars(member).all()

    assert ask(read) == ("nia@trust.example", [], ["example-riverside-trust"])
    sent = next(more for method, _url, more in provider.asked if method == "POST")
    assert sent["authorization"].startswith("Basic ")
    assert len(sent["body"]["code_verifier"]) >= 43
    stored = ask(lambda: db.session.scalars(select(IdentityProvider)).one().client_secret_encrypted)
    assert SECRET not in stored


def test_the_same_subject_is_the_same_person_whatever_else_is_said(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask
) -> None:
    for name, email in (("Nia Nurse", "nia@trust.example"), ("Nia Married", "other@trust.example"), ("", "")):
        provider.claims = {"name": name, "email": email}
        come_in(visitor)
        assert is_signed_in(visitor)
        visitor.get("/")
        visitor.press("Sign out")
    assert ask(lambda: db.session.scalar(select(func.count()).select_from(Person))) == 1


def test_an_address_of_somebody_elses_account_leads_to_nobody(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, add_person: Callable[..., int], ask: Ask
) -> None:
    victim = add_person("Adam Administrator", Role.ADMINISTRATOR)
    provider.claims = {"name": "Adam Administrator", "email": "adam.administrator@test.example", "email_verified": True}
    come_in(visitor)
    visitor.get("/admin", status=404)
    assert ask(lambda: db.session.scalars(select(SignIn)).one().person_id) != victim


def test_the_same_subject_of_another_provider_is_somebody_else(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, change: Ask, ask: Ask
) -> None:
    come_in(visitor)
    change(lambda: actions.add_provider(Settings("shared", "Shared", f"{ISSUER}/2", CLIENT_ID), None, ""))
    visitor.get("/")
    visitor.press("Sign out")
    provider.issuer = f"{ISSUER}/2"
    visitor.get("/sign-in/with/shared", status=302)
    visitor.get(provider.sign_in(visitor.response.headers["Location"], "another"), status=302)
    assert is_signed_in(visitor)
    assert ask(lambda: len(db.session.scalars(select(Person)).all())) == 2
    sent = [more for method, _url, more in provider.asked if method == "POST"][-1]
    assert sent["authorization"] is None, "a public client has no secret to send"
    members = ask(lambda: db.session.scalar(select(func.count()).select_from(Membership)))
    assert members == 1, "a shared provider makes nobody a member"


def test_names_come_from_beside_the_token_where_it_has_none(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, ask: Ask
) -> None:
    provider.info = {"sub": "somebody else", "name": "Mallory"}
    come_in(visitor)
    assert ask(lambda: db.session.scalars(select(Person)).one().name) == ""
    visitor.get("/")
    visitor.press("Sign out")
    provider.subject, provider.info = "subject-2", {"sub": "subject-2", "given_name": "Nia", "family_name": "Nurse"}
    come_in(visitor)
    assert ask(lambda: db.session.scalars(select(Person.name).order_by(Person.id)).all()) == ["", "Nia Nurse"]


def test_an_administrator_gives_a_code_here_too(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, change: Ask
) -> None:
    come_in(visitor)
    change(lambda: people.grant(db.session.scalars(select(Person)).one(), Role.ADMINISTRATOR))
    assert not is_signed_in(visitor)
    come_in(visitor)
    assert visitor.response.headers["Location"] == "/sign-in/set-up"


def test_a_suspended_person_stays_out(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, change: Ask
) -> None:
    come_in(visitor)
    change(lambda: people.suspend(db.session.scalars(select(Person)).one()))
    assert not is_signed_in(visitor)
    come_in(visitor, status=403)
    assert not is_signed_in(visitor)


@pytest.mark.both_databases
def test_ending_a_provider_ends_what_was_opened_through_it_and_nothing_else(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, administrator: Visitor, learner: Visitor
) -> None:
    come_in(visitor)
    half = Visitor(visitor.client.application)
    half.get("/sign-in/with/riverside", status=302)
    began = provider.sign_in(half.response.headers["Location"], "too-late")
    administrator.get("/admin/sign-on/riverside")
    administrator.press("End it : Riverside Trust")
    assert not is_signed_in(visitor)
    assert is_signed_in(learner)
    half.get(began, status=404)
    visitor.get("/sign-in/with/riverside", status=404)
    visitor.get("/sign-in")
    assert "Riverside Trust" not in visitor.text()
    administrator.follow()
    administrator.press("Open it again : Riverside Trust")
    come_in(visitor)
    assert is_signed_in(visitor)


# Adding and removing ways to sign in


def add(visitor: Visitor, provider: Provider, code: str) -> str:
    """Begin to add it; returns where the provider sends the browser back to."""
    visitor.get("/your-sign-ins")
    visitor.press("Riverside Trust : add", status=200)
    onward = visitor.page.find("a", string=lambda text: text is not None and text.strip() == "Go on")
    assert onward is not None
    return provider.sign_in(str(onward["href"]), code)  # type: ignore[index]


def test_somebody_adds_it_and_removes_it_themselves(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, add_person: Callable[..., int],
    sign_in: Callable[[int], Visitor], change: Ask, ask: Ask,
) -> None:  # fmt: skip
    person_id = add_person("Lena Learner")
    learner = sign_in(person_id)
    provider.claims = {"name": "Lena at work"}
    learner.get(add(learner, provider, "adding"), status=302)
    learner.follow()
    assert "You can sign in through Riverside Trust now" in learner.response.text
    come_in(visitor)
    assert ask(lambda: db.session.scalars(select(SignIn.person_id).where(SignIn.via != "password")).one()) == person_id
    learner.press("Remove : Riverside Trust", status=409)
    change(lambda: people.add_account("lena.learner@test.example", password="three random words"))
    learner.get("/your-sign-ins")
    learner.press("Remove : Riverside Trust")
    assert not is_signed_in(visitor)
    assert ask(lambda: db.session.scalars(select(StaffIdentity)).all()) == []
    done = ask(lambda: db.session.scalars(select(AuditEvent.action).where(AuditEvent.action.like("sign-in %"))).all())
    assert done == ["sign-in added", "sign-in removed"]


def test_what_is_somebodys_sign_in_is_not_added_to_another_person(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, learner: Visitor, ask: Ask
) -> None:
    come_in(visitor)
    learner.get(add(learner, provider, "adding"), status=409)
    assert "is another person here" in learner.text()
    assert ask(lambda: len(db.session.scalars(select(StaffIdentity)).all())) == 1


def test_what_one_began_to_add_is_not_added_to_whoever_is_signed_in_by_then(
    provider: Provider, visitor: Visitor, learner: Visitor, administrator: Visitor, ask: Ask
) -> None:
    back = add(learner, provider, "adding")
    with learner.client.session_transaction(base_url="https://127.0.0.1:8000") as kept:
        began = dict(kept)["single_sign_on"]
    for other in (visitor, administrator):
        with other.client.session_transaction(base_url="https://127.0.0.1:8000") as session:
            session["single_sign_on"] = began
        other.get(back, status=403)
    assert ask(lambda: db.session.scalars(select(StaffIdentity)).all()) == []


def test_nobody_removes_what_is_somebody_elses(
    provider: Provider, come_in: Callable[..., None], visitor: Visitor, learner: Visitor, ask: Ask
) -> None:
    come_in(visitor)
    number = ask(lambda: db.session.scalars(select(StaffIdentity.id)).one())
    learner.post(f"/your-sign-ins/{number}/remove", {"csrf_token": learner.csrf_token()}, status=404)


def test_the_newest_of_our_secrets_encrypts_what_is_stored(provider: Provider, change: Ask, ask: Ask) -> None:
    before = ask(lambda: db.session.scalars(select(IdentityProvider)).one().client_secret_encrypted)
    change(actions.encrypt_anew)
    assert ask(lambda: db.session.scalars(select(IdentityProvider)).one().client_secret_encrypted) != before
    assert ask(lambda: actions.secret_of(queries.provider("riverside"))) == SECRET
