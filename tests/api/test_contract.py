"""The API does what its OpenAPI document says, whatever is sent to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.parameters import ParameterLocation

from tests.api.conftest import WITH_RUNS, Programs
from tests.drills import many

READING, WRITING = 10, 4
DRAFT = "/api/v1/providers/{provider}/offers/{key}"
load_all_checks()
NOT_IN_A_SCHEMA = CHECKS.get_by_names(["positive_data_acceptance"])
"""That a document's keys are those of something that there is, no schema says: 422 answers what it allows, too."""


@dataclass
class Known:
    """What there is, which nothing that is made up would name: parts of addresses, and a body for each of these."""

    parts: dict[str, str]
    bodies: dict[str, Any] = field(default_factory=dict)

    def put_into(self, case: Case, operation: APIOperation) -> None:
        """Ask of what there is; what the document does not allow stays as it is."""
        made_up = case.meta.components if case.meta else {}
        wrong = {place for place, part in made_up.items() if part.mode == GenerationMode.NEGATIVE}
        if wrong <= {ParameterLocation.BODY, ParameterLocation.QUERY}:
            case.path_parameters = {name: self.parts[name] for name in case.path_parameters}
            if not wrong and operation.path in self.bodies:
                case.body = self.bodies[operation.path]


def keeps_its_contract(operation: APIOperation, known: Known, **sent: Any) -> None:
    """Every check that schemathesis has, on what the document allows and on what it does not."""
    kinds = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes_anything(operation) else [])]

    @settings(
        max_examples=many(15, 500), deadline=None, suppress_health_check=list(HealthCheck), database=None,
        derandomize=True,
    )  # fmt: skip
    @given(data=st.data())
    def keeps(data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(kinds))
        case = data.draw(operation.as_strategy(generation_mode=kind))
        if data.draw(st.booleans()):
            known.put_into(case, operation)
        case.call_and_validate(**sent)

    keeps()


def takes_anything(operation: APIOperation) -> bool:
    return bool(operation.query or operation.path_parameters)


def operations(app: Flask, *, writing: bool) -> list[APIOperation]:
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    found = [result.ok() for result in described.get_all_operations()]
    return [one for one in found if one.path.startswith("/api/v1/providers/") == writing]


def test_every_operation_that_reads_keeps_its_contract(app: Flask) -> None:
    found = operations(app, writing=False)
    assert len(found) == READING
    for operation in found:
        keeps_its_contract(operation, Known({"slug": WITH_RUNS, "key": "healthcare-leadership-model"}))


def test_every_operation_that_writes_keeps_its_contract(
    app: Flask, program: Programs, provider_key: Callable[[str], str]
) -> None:
    found = operations(app, writing=True)
    assert len(found) == WRITING
    partner, content = program(), app.test_client().get(f"/api/v1/offers/{WITH_RUNS}").get_json()["content"]
    parts = {"provider": provider_key(WITH_RUNS), "key": "some-key", "run": "run-1"}
    partner.ask("PUT", DRAFT.removeprefix("/api/v1").format(**parts), 201, json=content)
    run = {"key": "run-1", "starts_on": "2030-03-01", "ends_on": "2030-03-02", "place": "Hull", "places": 12}
    known = Known(parts, {DRAFT: content, f"{DRAFT}/runs/{{run}}": run})
    for operation in found:
        keeps_its_contract(
            operation,
            known,
            headers={"Authorization": f"Bearer {partner.token}"},
            excluded_checks=NOT_IN_A_SCHEMA,
        )
