"""How we know whether an offer works."""

from flask import Blueprint, render_template

from catalogue.evidence.words import CAN, CANNOT
from catalogue.people.rules import FEWEST_TOLD_OF
from catalogue.security import public

evidence = Blueprint("evidence", __name__, url_prefix="/evidence")


@evidence.get("")
@public
def index() -> str:
    return render_template("evidence/index.html", can=CAN, cannot=CANNOT, fewest=FEWEST_TOLD_OF)
