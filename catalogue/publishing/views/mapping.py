"""Saying what an offer changes: by what people can do before and after it, in the words of statements."""

from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.enrolments.forms import ConfirmForm
from catalogue.errors import NotThere
from catalogue.frameworks.models import Dimension
from catalogue.frameworks.queries import dimension_with_statements
from catalogue.offers.references import References
from catalogue.publishing import actions, queries
from catalogue.publishing.document import mapping_in_words
from catalogue.publishing.forms.mapping import MappingForm
from catalogue.publishing.views.common import OFFER, Work, actor, publishing, work_on
from catalogue.security import signed_in
from catalogue.transactions import run

ROW = f"{OFFER}/mapping/<framework>/<dimension>"


@publishing.get(f"{OFFER}/mapping")
@signed_in
def mapping(offer_id: int) -> str:
    """What the draft says that it changes, and every dimension to add."""
    work, references = work_on(offer_id), References()
    rows = work.written.content.get("mapping", [])
    return render_template(
        "publishing/mapping.html",
        work=work, rows=list(zip(_with_framework(rows, references), mapping_in_words(rows, references), strict=True)),
        frameworks=queries.open_frameworks(), current=references.current, form=ConfirmForm(),
    )  # fmt: skip


def _with_framework(rows: list[dict[str, str]], references: References) -> list[dict[str, str]]:
    return [{**row, "framework": row["framework"] or references.current.key} for row in rows]


@publishing.route(ROW, methods=["GET", "POST"])
@signed_in
def map_dimension(offer_id: int, framework: str, dimension: str) -> Response | str | tuple[str, int]:
    work = work_on(offer_id)
    draft, found = work.written, _dimension(framework, dimension)
    if not work.can("write"):
        return redirect(url_for("publishing.offer", offer_id=offer_id))
    rows = _with_framework(draft.content.get("mapping", []), References())
    there = next((row for row in rows if (row["framework"], row["dimension"]) == (framework, dimension)), {})
    form = MappingForm.of(found, there, draft.revision)
    if form.validate_on_submit() and form.upwards(found):
        row = {"framework": framework, "dimension": dimension, "from": form.start.data, "to": form.to.data,
               "strength": form.strength.data}  # fmt: skip
        try:
            _write(work, [*(other for other in rows if other is not there), row], form.seen)
            return redirect(url_for("publishing.mapping", offer_id=offer_id))
        except actions.Overtaken as overtaken:
            work = work_on(offer_id)
            form.show(work.written.revision)
            form.start.errors = [f"{overtaken} Look at what you chose, then save it again."]
    statements: dict[int, list[str]] = {}
    for statement in found.statements:
        statements.setdefault(statement.level, []).append(statement.self_form)
    by_key = {level.key: statements.get(level.value, []) for level in found.framework.levels}
    page = render_template(
        "publishing/map_dimension.html", work=work, dimension=found, form=form, statements=by_key, there=bool(there),
        names={level.key: level for level in found.framework.levels},
    )  # fmt: skip
    return page, 422 if form.errors else 200


def _dimension(framework_key: str, key: str) -> Dimension:
    framework = next((one for one in queries.open_frameworks() if one.key == framework_key), None)
    if framework is None:
        raise NotThere
    return dimension_with_statements(framework.id, key)


@publishing.post(f"{ROW}/remove")
@signed_in
def unmap_dimension(offer_id: int, framework: str, dimension: str) -> Response:
    work = work_on(offer_id)
    rows = _with_framework(work.written.content.get("mapping", []), References())
    kept = [row for row in rows if (row["framework"], row["dimension"]) != (framework, dimension)]
    _write(work, kept, work.written.revision)
    return redirect(url_for("publishing.mapping", offer_id=offer_id))


def _write(work: Work, rows: list[dict[str, str]], seen: int) -> None:
    offer_id, person_id = work.offer.id, current_user.person.id
    run(lambda: actions.write(actions.locked(offer_id), {"mapping": rows}, seen, actor(person_id)))
