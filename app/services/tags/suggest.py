"""Spelling: vocabulary tags that look like what was typed. They are offered, never taken unasked."""

from __future__ import annotations

from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from app.schemas.tags import Suggestion
from app.services.models.serving import Serving
from app.services.tags.vocabulary import with_prefix

ALIKE = 0.6
"""Least share of a spelling that must agree."""


def look_alikes(serving: Serving, tag: str, limit: int) -> list[Suggestion]:
    """Return the vocabulary tags whose spelling is most like a normalised `tag`'s, the most used first.

    Alike is one minus the edits (transpositions count as one) over the longer length.
    """
    keys, counts = serving.vocabulary.index_to_key, serving.vocabulary.document_frequency
    found = process.extract(
        tag,
        keys,
        scorer=DamerauLevenshtein.normalized_similarity,
        limit=limit,
        score_cutoff=ALIKE,
    )
    found.sort(key=lambda match: (-match[1], -counts[match[2]], match[0]))
    return [
        Suggestion(tag=key, similarity=round(100 * alike, 1), documents=int(counts[index]))
        for key, alike, index in found
    ]


def suggest(serving: Serving, tag: str, limit: int) -> list[Suggestion]:
    """Return completions of a normalised `tag`, most used first, then tags spelt like it."""
    index_of, counts = serving.vocabulary.key_to_index, serving.vocabulary.document_frequency
    junk = serving.view.junk
    completions = [index_of[key] for key in with_prefix(serving, tag)]
    completions.sort(key=lambda index: (-counts[index], index))
    exact = index_of.get(tag)
    if exact is not None:
        completions.insert(0, completions.pop(completions.index(exact)))
    keys = serving.vocabulary.index_to_key
    offered = {
        keys[index]: Suggestion(
            tag=keys[index],
            similarity=round(100 * len(tag) / len(keys[index]), 1),
            documents=int(counts[index]),
        )
        for index in completions
        if index not in junk
    }
    if len(offered) < limit:
        for alike in look_alikes(serving, tag, limit):
            if index_of[alike.tag] not in junk:
                offered.setdefault(alike.tag, alike)
    return list(islice(offered.values(), limit))
