"""Offers that people find and partners publish: drafts, imports, search, frameworks with identifiers and crosswalks

Revision ID: 0003
Revises: 0002
"""

import re
import unicodedata
from uuid import NAMESPACE_URL, uuid5

import snowballstemmer
import sqlalchemy as sa
from alembic import op

from catalogue.extensions import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalogue_change",
        sa.Column("part", sa.String(length=10), nullable=False),
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("part", "slot", name=op.f("pk_catalogue_change")),
    )
    op.create_table(
        "search_word",
        sa.Column("word", sa.String(length=60), nullable=False),
        sa.Column("stem", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_word")),
    )
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_word_stem"), ["stem"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_api_token_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_token_person_id"), ["person_id"], unique=False)

    op.create_table(
        "saved_search",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_search_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_search_person_id_name")),
    )
    op.create_table(
        "crosswalk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.String(length=36), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        sa.Column("destination_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["dimension.id"], name=op.f("fk_crosswalk_destination_id_dimension")
        ),
        sa.ForeignKeyConstraint(["origin_id"], ["dimension.id"], name=op.f("fk_crosswalk_origin_id_dimension")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crosswalk")),
        sa.UniqueConstraint("identifier", name=op.f("uq_crosswalk_identifier")),
        sa.UniqueConstraint("origin_id", "destination_id", name=op.f("uq_crosswalk_origin_id_destination_id")),
    )
    with op.batch_alter_table("crosswalk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_crosswalk_destination_id"), ["destination_id"], unique=False)

    op.create_table(
        "framework_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=False),
        sa.Column("submitted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_framework_draft_changed_by_id_person")),
        sa.ForeignKeyConstraint(
            ["submitted_by_id"], ["person.id"], name=op.f("fk_framework_draft_submitted_by_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_framework_draft")),
    )
    op.create_table(
        "offer_feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("etag", sa.String(length=300), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("failing_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("warned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pulled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_offer_feed_person_id_person")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name=op.f("fk_offer_feed_provider_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_feed")),
        sa.UniqueConstraint("provider_id", "url", name=op.f("uq_offer_feed_provider_id_url")),
    )
    op.create_table(
        "offer_collaborator",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_collaborator_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_offer_collaborator_person_id_person")),
        sa.PrimaryKeyConstraint("offer_id", "person_id", name=op.f("pk_offer_collaborator")),
    )
    with op.batch_alter_table("offer_collaborator", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_collaborator_person_id"), ["person_id"], unique=False)

    op.create_table(
        "offer_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_comment_offer_id_offer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_offer_comment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_comment")),
    )
    with op.batch_alter_table("offer_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_comment_offer_id"), ["offer_id"], unique=False)

    op.create_table(
        "offer_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("submitted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("publish_on", sa.Date(), nullable=True),
        sa.Column("retire_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name=op.f("fk_offer_draft_changed_by_id_person")),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_offer_draft_offer_id_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_draft")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_offer_draft_offer_id")),
    )
    with op.batch_alter_table("offer_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_draft_publish_on"), ["publish_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_offer_draft_state"), ["state"], unique=False)

    op.create_table(
        "offer_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("feed_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["offer_feed.id"], name=op.f("fk_offer_import_feed_id_offer_feed")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_offer_import_person_id_person")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["organisation.id"], name=op.f("fk_offer_import_provider_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_import")),
    )
    with op.batch_alter_table("offer_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_offer_import_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "version_system",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["system_id"], ["system.id"], name=op.f("fk_version_system_system_id_system")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["offer_version.id"], name=op.f("fk_version_system_version_id_offer_version")
        ),
        sa.PrimaryKeyConstraint("version_id", "system_id", name=op.f("pk_version_system")),
    )
    with op.batch_alter_table("version_system", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_system_system_id"), ["system_id"], unique=False)

    _add_identifiers()
    with op.batch_alter_table("framework") as table:
        table.add_column(sa.Column("licence", sa.String(length=300), nullable=False, server_default=""))
        table.add_column(sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("state", sa.String(length=20), nullable=False, server_default="published"))
        table.add_column(sa.Column("changed_at", UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("published_at", UtcDateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("retired_at", UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE framework SET changed_at = CURRENT_TIMESTAMP, published_at = CURRENT_TIMESTAMP")
    with op.batch_alter_table("framework") as table:
        table.alter_column("changed_at", existing_type=UtcDateTime(timezone=True), nullable=False)
        for name in ("licence", "open", "state"):
            table.alter_column(name, server_default=None)

    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("system_id", sa.Integer(), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_grant_person_id_role_organisation_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_grant_person_id_role_organisation_id_system_id"),
            ["person_id", "role", "organisation_id", "system_id"],
        )
        batch_op.create_foreign_key(batch_op.f("fk_grant_system_id_system"), "system", ["system_id"], ["id"])

    with op.batch_alter_table("offer") as table:
        table.add_column(sa.Column("key", sa.String(length=300), nullable=True))
    op.execute("UPDATE offer SET key = slug")
    with op.batch_alter_table("offer") as table:
        table.alter_column("key", existing_type=sa.String(length=300), nullable=False)
        table.drop_index(op.f("ix_offer_provider_id"))
        table.create_unique_constraint(op.f("uq_offer_provider_id_key"), ["provider_id", "key"])

    with op.batch_alter_table("offer_version") as table:
        for name in ("prerequisites", "accessibility", "title_stems"):
            table.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("url", sa.String(length=500), nullable=False, server_default=""))
        table.add_column(sa.Column("members_only", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("retire_on", sa.Date(), nullable=True))
    with op.batch_alter_table("offer_version") as table:
        for name in ("prerequisites", "accessibility", "title_stems", "url", "members_only"):
            table.alter_column(name, server_default=None)
        table.create_index(op.f("ix_offer_version_retire_on"), ["retire_on"])
    _make_the_index()
    _fill_the_index()

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("system_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_organisation_system_id"), ["system_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_organisation_system_id_system"), "system", ["system_id"], ["id"])

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("start_time", sa.Time(), nullable=True))
        batch_op.add_column(sa.Column("end_time", sa.Time(), nullable=True))
        batch_op.add_column(sa.Column("venue", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("join_link", sa.String(length=500), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("accessibility", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("price_pence", sa.Integer(), nullable=True))
        batch_op.alter_column(
            "key", existing_type=sa.VARCHAR(length=60), type_=sa.String(length=300), existing_nullable=False
        )
    with op.batch_alter_table("run") as table:
        for name in ("venue", "join_link", "accessibility"):
            table.alter_column(name, server_default=None)
    _count_changes()


NAMESPACE = uuid5(NAMESPACE_URL, "https://everyseat.example/frameworks")
_OF_FRAMEWORK = "f.key || '/' || f.version"
_IN_DIMENSION = (
    "FROM {table} t JOIN dimension d ON d.id = t.dimension_id JOIN framework f ON f.id = d.framework_id "
    "JOIN level l ON l.framework_id = f.id AND l.value = t.level"
)
NAMED = {
    "framework": f"SELECT f.id, {_OF_FRAMEWORK} AS name FROM framework f",  # noqa: S608
    "level": f"SELECT l.id, {_OF_FRAMEWORK} || '/level/' || l.key AS name "  # noqa: S608
    "FROM level l JOIN framework f ON f.id = l.framework_id",
    "dimension": f"SELECT d.id, {_OF_FRAMEWORK} || '/dimension/' || d.key AS name "  # noqa: S608
    "FROM dimension d JOIN framework f ON f.id = d.framework_id",
    "level_heading": f"SELECT t.id, {_OF_FRAMEWORK} || '/dimension/' || d.key || '/' || l.key AS name "
    + _IN_DIMENSION.format(table="level_heading"),
    "statement": f"SELECT t.id, {_OF_FRAMEWORK} || '/dimension/' || d.key || '/' || l.key || '/' || t.key AS name "
    + _IN_DIMENSION.format(table="statement"),
}
"""What each row is called: its identifier is made from that, as ``frameworks.content.derived`` makes it."""


def _add_identifiers() -> None:
    connection = op.get_bind()
    for name, names in NAMED.items():
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("identifier", sa.String(length=36), nullable=True))
        rows = sa.table(name, sa.column("id", sa.Integer), sa.column("identifier", sa.String))
        drawn = [
            {"key": row.id, "drawn": str(uuid5(NAMESPACE, row.name))} for row in connection.execute(sa.text(names))
        ]
        if drawn:
            named = rows.update().where(rows.c.id == sa.bindparam("key")).values(identifier=sa.bindparam("drawn"))
            connection.execute(named, drawn)
        with op.batch_alter_table(name) as table:
            table.alter_column("identifier", existing_type=sa.String(length=36), nullable=False)
            table.create_unique_constraint(op.f(f"uq_{name}_identifier"), ["identifier"])


COMMON = frozenset(
    ["a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "how", "i", "in", "is", "it", "of", "on", "or",
     "that", "the", "this", "to", "what", "with", "you", "your"]
)  # fmt: skip
SEARCH = {
    "sqlite": (
        "CREATE VIRTUAL TABLE offer_search USING fts5(title_stems, stems, content='', contentless_delete=1)",
        """CREATE TRIGGER offer_search_added AFTER INSERT ON offer_version WHEN NEW.state = 'published' BEGIN
        INSERT INTO offer_search(rowid, title_stems, stems) VALUES (NEW.id, NEW.title_stems, NEW.stems);
        END""",
        """CREATE TRIGGER offer_search_changed AFTER UPDATE OF state, title_stems, stems ON offer_version BEGIN
        DELETE FROM offer_search WHERE rowid = OLD.id;
        INSERT INTO offer_search(rowid, title_stems, stems)
        SELECT NEW.id, NEW.title_stems, NEW.stems WHERE NEW.state = 'published';
        END""",
        """CREATE TRIGGER offer_search_removed AFTER DELETE ON offer_version BEGIN
        DELETE FROM offer_search WHERE rowid = OLD.id;
        END""",
    ),
    "postgresql": (
        """CREATE TABLE offer_search (
        version_id INTEGER PRIMARY KEY REFERENCES offer_version ON DELETE CASCADE, vector TSVECTOR NOT NULL)""",
        "CREATE INDEX ix_offer_search_vector ON offer_search USING gin (vector)",
        """CREATE FUNCTION offer_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        DELETE FROM offer_search WHERE version_id = NEW.id;
        IF NEW.state = 'published' THEN
            INSERT INTO offer_search VALUES (NEW.id,
                setweight(to_tsvector('simple', NEW.title_stems), 'A')
                || setweight(to_tsvector('simple', NEW.stems), 'D'));
        END IF;
        RETURN NULL;
        END $$""",
        """CREATE TRIGGER offer_search_kept AFTER INSERT OR UPDATE OF state, title_stems, stems ON offer_version
        FOR EACH ROW EXECUTE FUNCTION offer_search_keep()""",
    ),
}


COUNTED = {"offer": "offers", "offer_version": "offers", "offer_partner": "offers", "run": "runs"}
SLOTS = 64


def _count_changes() -> None:
    """Last, since SQLite forgets the triggers of a table that is altered."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    rows = sa.table("catalogue_change", sa.column("part"), sa.column("slot"), sa.column("number"))
    slots = range(SLOTS if postgresql else 1)
    op.bulk_insert(rows, [{"part": part, "slot": slot, "number": 0} for part in ("offers", "runs") for slot in slots])
    if postgresql:
        op.execute(f"""CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE catalogue_change SET number = number + 1
        WHERE part = TG_ARGV[0] AND slot = mod(pg_backend_pid(), {SLOTS});
        RETURN NULL;
        END $$""")  # noqa: S608 words of ours alone
    for table, part in COUNTED.items():
        if postgresql:
            op.execute(f"""CREATE TRIGGER {table}_counted AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed('{part}')""")
            continue
        for change in ("INSERT", "UPDATE", "DELETE"):
            op.execute(f"""CREATE TRIGGER {table}_counted_{change.lower()} AFTER {change} ON {table} BEGIN
            UPDATE catalogue_change SET number = number + 1 WHERE part = '{part}';
            END""")  # noqa: S608


def _stop_counting() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in COUNTED:
            op.execute(f"DROP TRIGGER {table}_counted ON {table}")
        op.execute("DROP FUNCTION catalogue_changed()")
    else:
        for table in COUNTED:
            for change in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER {table}_counted_{change}")
    op.drop_table("catalogue_change")


def _make_the_index() -> None:
    for statement in SEARCH[op.get_bind().dialect.name]:
        op.execute(statement)


def _fill_the_index() -> None:
    """Stem the titles, and keep every word with its stem; the triggers do the rest."""
    version = sa.table(
        "offer_version",
        sa.column("id", sa.Integer), sa.column("title", sa.String), sa.column("summary", sa.Text),
        sa.column("outcomes", sa.JSON), sa.column("description", sa.Text), sa.column("place", sa.String),
        sa.column("state", sa.String), sa.column("title_stems", sa.Text), sa.column("offer_id", sa.Integer),
    )  # fmt: skip
    offer = sa.table("offer", sa.column("id", sa.Integer), sa.column("provider_id", sa.Integer))
    body = sa.table("organisation", sa.column("id", sa.Integer), sa.column("name", sa.String))
    connection = op.get_bind()
    found = connection.execute(
        sa.select(version, body.c.name)
        .join(offer, offer.c.id == version.c.offer_id)
        .join(body, body.c.id == offer.c.provider_id)
    ).all()
    titles, words = [], {}
    for row in found:
        titles.append({"key": row.id, "stemmed": " " + " ".join(sorted(set(_stems(row.title).values()))) + " "})
        words |= _stems(" ".join([row.title, row.summary, *row.outcomes, row.description, row.place, row.name]))
    if titles:
        stemmed = version.update().where(version.c.id == sa.bindparam("key"))
        connection.execute(stemmed.values(title_stems=sa.bindparam("stemmed")), titles)
        kept = sa.table("search_word", sa.column("word", sa.String), sa.column("stem", sa.String))
        connection.execute(kept.insert(), [{"word": word, "stem": stem} for word, stem in words.items()])


def _stems(text: str) -> dict[str, str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = sorted({word[:60] for word in re.findall(r"[a-z0-9]+", plain)} - COMMON)
    return dict(zip(words, snowballstemmer.stemmer("english").stemWords(words), strict=True))


def downgrade() -> None:
    _stop_counting()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER offer_search_kept ON offer_version")
        op.execute("DROP FUNCTION offer_search_keep()")
    else:
        for name in ("added", "changed", "removed"):
            op.execute(f"DROP TRIGGER offer_search_{name}")
    op.execute("DROP TABLE offer_search")
    with op.batch_alter_table("statement", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_statement_identifier"), type_="unique")
        batch_op.drop_column("identifier")

    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.alter_column(
            "key", existing_type=sa.String(length=300), type_=sa.VARCHAR(length=60), existing_nullable=False
        )
        batch_op.drop_column("price_pence")
        batch_op.drop_column("accessibility")
        batch_op.drop_column("join_link")
        batch_op.drop_column("venue")
        batch_op.drop_column("end_time")
        batch_op.drop_column("start_time")

    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_organisation_system_id_system"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_organisation_system_id"))
        batch_op.drop_column("system_id")

    with op.batch_alter_table("offer_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_version_retire_on"))
        batch_op.drop_column("title_stems")
        batch_op.drop_column("retire_on")
        batch_op.drop_column("members_only")
        batch_op.drop_column("url")
        batch_op.drop_column("accessibility")
        batch_op.drop_column("prerequisites")

    with op.batch_alter_table("offer", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_offer_provider_id_key"), type_="unique")
        batch_op.create_index(batch_op.f("ix_offer_provider_id"), ["provider_id"], unique=False)
        batch_op.drop_column("key")

    with op.batch_alter_table("level_heading", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_level_heading_identifier"), type_="unique")
        batch_op.drop_column("identifier")

    with op.batch_alter_table("level", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_level_identifier"), type_="unique")
        batch_op.drop_column("identifier")

    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_grant_system_id_system"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_grant_person_id_role_organisation_id_system_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_grant_person_id_role_organisation_id"), ["person_id", "role", "organisation_id"]
        )
        batch_op.drop_column("system_id")

    with op.batch_alter_table("framework", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_framework_identifier"), type_="unique")
        batch_op.drop_column("retired_at")
        batch_op.drop_column("published_at")
        batch_op.drop_column("changed_at")
        batch_op.drop_column("state")
        batch_op.drop_column("open")
        batch_op.drop_column("licence")
        batch_op.drop_column("identifier")

    with op.batch_alter_table("dimension", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_dimension_identifier"), type_="unique")
        batch_op.drop_column("identifier")

    with op.batch_alter_table("version_system", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_version_system_system_id"))

    op.drop_table("version_system")
    with op.batch_alter_table("offer_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_import_provider_id"))

    op.drop_table("offer_import")
    with op.batch_alter_table("offer_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_draft_state"))
        batch_op.drop_index(batch_op.f("ix_offer_draft_publish_on"))

    op.drop_table("offer_draft")
    with op.batch_alter_table("offer_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_comment_offer_id"))

    op.drop_table("offer_comment")
    with op.batch_alter_table("offer_collaborator", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_offer_collaborator_person_id"))

    op.drop_table("offer_collaborator")
    op.drop_table("offer_feed")
    op.drop_table("framework_draft")
    with op.batch_alter_table("crosswalk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_crosswalk_destination_id"))

    op.drop_table("crosswalk")
    op.drop_table("saved_search")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_person_id"))

    op.drop_table("api_token")
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_word_stem"))

    op.drop_table("search_word")
