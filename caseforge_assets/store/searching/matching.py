"""Writes a search in SQL: conditions on found texts, for each language that these are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from caseforge_assets.store.schema.constants import PLANNED_ONCE

LONGEST_QUERY = 200


@dataclass(frozen=True, slots=True)
class Looked:
    """The way to look for words: the configurations, and whether some have to stand beside each other, which no index tells."""

    configs: Sequence[str]
    phrases: bool


_LOOKED = text("""
select (select array_agg(distinct said.value order by said.value) from caseforge.reading_framework f, lateral jsonb_each_text(f.languages) said
        where cast(:keys as text[]) is null or f.framework_key = any(:keys)),
       cast(websearch_to_tsquery('simple', :words) as text) like '%<%',
       querytree(websearch_to_tsquery('simple', :words)) in ('', 'T')
""").execution_options(**PLANNED_ONCE)


def how_to_look(connection: Connection, words: str, frameworks: Sequence[str] | None) -> Looked:
    """Says how a search is looked for in texts of these frameworks: words, "phrases", `or`, and `-` before what is not to occur.

    Raises:
        ValueError: it is too long, holds what texts cannot hold, or names nothing that is to occur.
    """
    if len(words) > LONGEST_QUERY:
        raise ValueError(f"a search is at most {LONGEST_QUERY} characters long")
    if "\0" in words or any("\ud800" <= character <= "\udfff" for character in words):
        raise ValueError("the search holds a character that no text can hold")
    values = {"words": words, "keys": None if frameworks is None else list(frameworks)}
    configs, phrases, names_nothing = connection.execute(_LOOKED, values).one()
    if names_nothing:
        raise ValueError("name a word that is to occur; what is only not to occur cannot be searched for")
    return Looked(configs or (), phrases)


def matches(configs: Sequence[str], column: str = "words", *, loosely: bool = False) -> str:
    """The condition on found texts (t), in which parameter `words` is the search; one for each configuration, because each has its own words.

    Args:
        loosely: words of a phrase may stand anywhere.
    """
    forms = ((config, _loose(config) if loosely else tsquery(config)) for config in map(_known, configs))
    return " or ".join(f"(t.config = '{config}' and t.{column} @@ {form})" for config, form in forms) or "false"


def candidates_with(configs: Sequence[str]) -> str:
    """The query for the ids of candidates that have what parameter `words` asks for."""
    return f"select t.row_id from caseforge.found_text t where t.kind = 'candidate' and ({matches(configs)})"


def tsquery(config: str) -> str:
    """The search in a configuration."""
    return f"websearch_to_tsquery('{_known(config)}', :words)"


def _loose(config: str) -> str:
    return f"cast(regexp_replace(cast({tsquery(config)} as text), '<[-0-9]+>', '&', 'g') as tsquery)"


def _known(config: str) -> str:
    """Names of configurations stand in queries as they are, so that these are planned for the very words; they are ours, and letters only."""
    if not config.isalpha():
        raise RuntimeError(f"{config!r} is no configuration of text search")
    return config
