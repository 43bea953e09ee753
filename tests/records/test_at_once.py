"""The same completion, told many times at the same moment, is one."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from catalogue.enrolments.models import Completion
from catalogue.extensions import db
from catalogue.records.models import OutsideCompletion, XapiStatement
from tests.conftest import Ask
from tests.drills import many
from tests.enrolments.at_once import press_all
from tests.records.conftest import Elsewhere, Json, new_id, statement
from tests.visitor import Visitor

AT_ONCE = many(8, 50)


def count(table: type[object]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def telling(store: Elsewhere, said: Json) -> Callable[[], int]:
    def tell() -> int:
        headers = {"Authorization": f"Bearer {store.token}", "X-Experience-API-Version": "1.0.3"}
        return store.app.test_client().post("/xapi/statements", json=said, headers=headers).status_code

    return tell


@pytest.mark.both_databases
def test_a_completion_told_many_times_at_once_is_one(learner: Visitor, store: Elsewhere, ask: Ask) -> None:
    same = statement(id=new_id())
    tellings = [telling(store, same)] * AT_ONCE + [telling(store, statement()) for _ in range(AT_ONCE)]
    assert press_all(tellings) == {200: 2 * AT_ONCE}
    assert ask(lambda: count(Completion)) == 1
    assert ask(lambda: count(XapiStatement)) == ask(lambda: count(OutsideCompletion)) == AT_ONCE + 1
