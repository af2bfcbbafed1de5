"""The alias table and the junk list: what an operator knows of how tags are written.

Resolution goes exact -> alias -> other separators -> out of vocabulary. Documents of the store are
read through the same rules: aliases first, then the junk list, then the vocabulary's spelling.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from models.errors import InputError, TagError
from models.normalizer import normalize_tag
from models.vocabulary import Resolution, Vocabulary


@dataclass(frozen=True)
class TagRules:
    """What to take tags for.

    Attributes
    ----------
    aliases
        The tag that another one stands for; both normalised.
    junk
        Tags that say nothing: no part in contexts, never a result.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    junk: frozenset[str] = frozenset()

    @classmethod
    def of(cls, table: Mapping[str, str | None]) -> TagRules:
        """Return the rules of an alias table, in which junk has no target."""
        return cls(
            {alias: target for alias, target in table.items() if target is not None},
            frozenset(alias for alias, target in table.items() if target is None),
        )

    def resolve(self, vocabulary: Vocabulary, text: str) -> Resolution:
        """Find what `text` stands for; an alias is followed once.

        Raises
        ------
        TagError
            If `text` cannot be a tag.
        """
        tag = normalize_tag(text)
        index = vocabulary.key_to_index.get(tag)
        if index is not None:
            return Resolution(tag, index, "exact")
        target = self.aliases.get(tag)
        if target is not None:
            meant = vocabulary.resolve_normalised(target)
            return Resolution(meant.tag, meant.index, "alias")
        return vocabulary.resolve_normalised(tag)

    def resolve_at(self, vocabulary: Vocabulary, text: str, pointer: str) -> Resolution:
        """Find what a request's `text` stands for; InputError, naming `pointer`, if it is no tag."""
        try:
            return self.resolve(vocabulary, text)
        except TagError as error:
            raise InputError(pointer, str(error)) from None


def check_tags(texts: Iterable[str], pointer: str) -> None:
    """Raise InputError at the first of a request's `texts` that cannot be a tag; `pointer` names the list."""
    for position, text in enumerate(texts):
        try:
            normalize_tag(text)
        except TagError as error:
            raise InputError(f"{pointer}/{position}", str(error)) from None
