"""Statements in fewer words. Source: Experience API 1.0.3, part three, section 2.1.3, ``format``."""

from typing import Any

from werkzeug.datastructures import LanguageAccept

from catalogue.records.reading import Json

_WORDS = ("display", "name", "description")
_WHO = ("objectType", "mbox", "mbox_sha1sum", "openid", "account")


def ids_only(statement: Json) -> Json:
    """With no more of agents, activities and verbs than what identifies them."""
    shown = statement | {"actor": _who(statement["actor"]), "verb": {"id": statement["verb"]["id"]}}
    target = statement["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        shown["object"] = {name: target[name] for name in ("objectType", "id") if name in target}
    elif kind in ("Agent", "Group"):
        shown["object"] = _who(target)
    elif kind == "SubStatement":
        shown["object"] = ids_only(target)
    return shown


def _who(actor: Json) -> Json:
    kept = {name: actor[name] for name in _WHO if name in actor}
    if len(kept) <= 1 and "member" in actor:  # a group that nothing but its members identifies
        kept["member"] = [_who(member) for member in actor["member"]]
    return kept


def canonical(value: Any, languages: LanguageAccept) -> Any:
    """With one language of each text: the one that is asked for, where there is it."""
    if isinstance(value, list):
        return [canonical(one, languages) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _one_language(inner, languages)
        if name in _WORDS and isinstance(inner, dict)
        else inner
        if name == "extensions"
        else canonical(inner, languages)
        for name, inner in value.items()
    }


def _one_language(words: Json, languages: LanguageAccept) -> Json:
    if not words:
        return words
    chosen = languages.best_match(list(words)) or next(iter(words))
    return {chosen: words[chosen]}
