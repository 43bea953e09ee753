"""Frameworks for other systems: Competencies and Academic Standards Exchange (CASE) 1.0 and 1.1, by 1EdTech.

https://www.imsglobal.org/spec/case/v1p0/rest-binding and https://www.imsglobal.org/spec/case/v1p1/rest-binding

How a framework stands in CASE: it is a CFDocument; its dimensions, what they are not, the headings of their levels and
the statements are CFItems, each a child of what it belongs to; its levels are a CFRubric with a criterion for each
dimension and a criterion level for each level; what has no field of its own is a CFConcept with a hierarchyCode that
begins with ``everyseat:``. What stands beside it in another framework is a CFAssociation.
"""

from catalogue.frameworks.content import derived

VERSIONS = {"v1p0": "1.0", "v1p1": "1.1"}
DIMENSION, NOT_THIS, LEVEL, STATEMENT = "Dimension", "What it is not", "Level", "Statement"
ITEM_TYPES = {
    DIMENSION: "An area of leadership.",
    NOT_THIS: "Something that the dimension is at times mistaken for.",
    LEVEL: "What a level is called within a dimension.",
    STATEMENT: "What a leader at a level does: said of oneself, and, as alternative label, of another.",
}
OURS = "everyseat:"
DOCUMENT_CONCEPTS = ("key", "source", "licence")
LEVEL_CONCEPT = "level:"


def type_identifier(name: str) -> str:
    """Item types are the same in every framework of ours."""
    return derived("case", "item type", name)
