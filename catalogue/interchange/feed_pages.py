"""The addresses from which a provider's offers are pulled once a day."""

from flask import flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from catalogue.errors import Refused
from catalogue.extensions import db
from catalogue.interchange import actions, queries
from catalogue.interchange.forms import FeedForm
from catalogue.interchange.import_pages import importing_for, imports
from catalogue.people.models import Person
from catalogue.publishing.queries import publishing_organisation
from catalogue.security import signed_in
from catalogue.transactions import run

FEED = "/publish/feeds/<int(max=2147483647):feed_id>"


@imports.route("/publish/feeds", methods=["GET", "POST"])
@signed_in
def feeds() -> Response | str | tuple[str, int]:
    providers, key = importing_for()
    form = FeedForm.of(providers, key)
    if form.validate_on_submit():
        chosen, url, person_id = form.provider.data, form.url.data, current_user.person.id
        try:
            run(
                lambda: actions.add_feed(publishing_organisation(chosen), db.session.get_one(Person, person_id), url).id
            )
        except Refused as fault:
            form.url.errors = [str(fault)]
        else:
            flash("We pull it now, and once a day from now on.")
            return redirect(url_for("imports.feeds"))
    pulled = queries.feeds_of([provider.id for provider in providers])
    page = render_template(
        "interchange/feeds.html", form=form, providers=providers, feeds=pulled, reports=queries.reports_of(pulled)
    )
    return page, 422 if form.errors else 200


@imports.post(f"{FEED}/pull")
@signed_in
def pull_now(feed_id: int) -> Response:
    queries.feed_for(current_user.person, feed_id)
    run(lambda: actions.pull_now(feed_id))
    flash("We pull it now. Load this page again in a moment to see what came of it.")
    return redirect(url_for("imports.feeds"))


@imports.post(f"{FEED}/remove")
@signed_in
def remove_feed(feed_id: int) -> Response:
    queries.feed_for(current_user.person, feed_id)
    run(lambda: actions.remove_feed(feed_id))
    flash("We do not pull this address any more. The offers that it brought stay.")
    return redirect(url_for("imports.feeds"))
