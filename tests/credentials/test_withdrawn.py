"""A badge of somebody who is erased: whoever has been given it is told that it no longer stands, and nothing else.

Verifiable Credentials Data Model 2.0, section 4.10 (status), and Bitstring Status List 1.0, section 2.2: revocation is
for good, and the place of one credential is never another's.
"""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from catalogue.credentials.models import WithdrawnBadge
from catalogue.extensions import db
from catalogue.people.models import AuditEvent, Person
from catalogue.privacy import erasing
from tests.conftest import Ask
from tests.credentials.conftest import Checker
from tests.visitor import Visitor

PROBLEM = "application/problem+json"
Complete = Callable[[Visitor], str]


@pytest.fixture
def erase(change: Ask) -> Callable[[str], None]:
    def erasing_of(name: str) -> None:
        def act() -> None:
            erasing.erase(db.session.scalars(select(Person).where(Person.name == name)).one(), "")

        change(act)

    return erasing_of


@pytest.mark.both_databases
def test_it_is_revoked_for_whoever_has_it_and_its_address_says_so_to_people_and_programs(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker, erase: Callable[[str], None]
) -> None:
    key = complete(learner)
    visitor.get(f"/credentials/{key}.jwt")
    handed_on = checker.verified(visitor.response.text)
    assert not checker.revoked(handed_on)
    erase("Lena Learner")
    assert checker.revoked(handed_on)
    for path, takes, says in (
        ("", "text/html", "text/html"), (".json", "*/*", PROBLEM), (".jwt", "text/html", PROBLEM),
        ("", "application/vc+jwt", PROBLEM), ("", "application/json", PROBLEM), ("", "image/png", "text/html"),
    ):  # fmt: skip
        visitor.get(f"/credentials/{key}{path}", status=410, headers={"Accept": takes})
        assert visitor.response.mimetype == says
        assert "no longer stands" in visitor.response.text
        assert handed_on["name"] not in visitor.response.text
        assert (visitor.response.headers.get("Access-Control-Allow-Origin") == "*") == (says == PROBLEM)
    visitor.get("/credentials/issuers/nobody", status=404)
    assert visitor.response.json["status"] == 404  # type: ignore[index]
    visitor.get(f"/credentials/{key}/certificate.pdf", status=302)
    visitor.get(f"/credentials/{'0' * 32}", status=404)


@pytest.mark.both_databases
def test_its_place_on_the_list_is_never_given_to_another_badge(
    learner: Visitor, visitor: Visitor, complete: Complete, checker: Checker, erase: Callable[[str], None],
    add_person: Callable[..., int], sign_in: Callable[[int], Visitor],
) -> None:  # fmt: skip
    complete(learner)
    erase("Lena Learner")
    visitor.get(f"/credentials/{complete(sign_in(add_person('Ada Another')))}.jwt")
    assert not checker.revoked(checker.verified(visitor.response.text))


def test_what_stays_of_it_leads_to_nobody(
    learner: Visitor, complete: Complete, erase: Callable[[str], None], ask: Ask
) -> None:
    key = complete(learner)
    erase("Lena Learner")
    columns = set(WithdrawnBadge.__table__.columns.keys())
    assert columns == {"number", "provider_id", "key_hash"}
    stored = ask(lambda: [str(row) for row in db.session.execute(select(*WithdrawnBadge.__table__.columns)).all()])
    assert len(stored) == 1
    assert key not in stored[0]
    events = select(AuditEvent.subject, AuditEvent.detail)
    trail = ask(lambda: [f"{subject} {detail}" for subject, detail in db.session.execute(events)])
    assert not [event for event in trail if key in event], "the trail would lead from the badge to the completion"
