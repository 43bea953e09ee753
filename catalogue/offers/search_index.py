"""The full text index of what is published, which each database keeps for itself by triggers.

SQLite: FTS5, https://www.sqlite.org/fts5.html. PostgreSQL: a tsvector in the configuration ``simple``, since the stems
are ours (``offers.rules``). Either way the table ``offer_search`` has a row for each published version and no other.

Triggers count the changes of offers and runs too, so that it is known when what is kept in memory (``offers.sets``) is
old. In PostgreSQL sessions write different rows of the counter, so that they seldom wait for each other.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, event

from catalogue.extensions import Base
from catalogue.offers.models import OfferVersion

SQLITE = (
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
)
POSTGRESQL = (
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
)

for _dialect, _statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for _statement in _statements:
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(OfferVersion.__table__, "after_create", _ddl.execute_if(dialect=_dialect))

COUNTED = {"offer": "offers", "offer_version": "offers", "offer_partner": "offers", "run": "runs"}
"""By table, the part of the catalogue whose changes it counts as."""
SLOTS = 64


def counting(dialect: str) -> Iterator[str]:
    """The statements that begin to count."""
    slots = SLOTS if dialect == "postgresql" else 1
    rows = ", ".join(f"('{part}', {slot}, 0)" for part in ("offers", "runs") for slot in range(slots))
    yield f"INSERT INTO catalogue_change (part, slot, number) VALUES {rows}"  # noqa: S608 words of ours alone
    if dialect == "postgresql":
        yield f"""CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE catalogue_change SET number = number + 1 WHERE part = TG_ARGV[0] AND slot = mod(pg_backend_pid(), {SLOTS});
    RETURN NULL;
    END $$"""  # noqa: S608
    for table, part in COUNTED.items():
        if dialect == "postgresql":
            yield f"""CREATE TRIGGER {table}_counted AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION catalogue_changed('{part}')"""
            continue
        for change in ("INSERT", "UPDATE", "DELETE"):
            yield f"""CREATE TRIGGER {table}_counted_{change.lower()} AFTER {change} ON {table} BEGIN
    UPDATE catalogue_change SET number = number + 1 WHERE part = '{part}';
    END"""  # noqa: S608


for _dialect in ("sqlite", "postgresql"):
    for _statement in counting(_dialect):
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(Base.metadata, "after_create", _ddl.execute_if(dialect=_dialect))
