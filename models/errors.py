"""Every error Tagprime raises on purpose.

::

    TagprimeError
    ├── TagError            a tag no one could mean: empty, too long, control characters, lone surrogates
    ├── CorpusError         a collection's file is not what it should be; names file, line and content
    ├── RecipeError         a training recipe holds an unknown key or a value out of range
    ├── TrainingError       training cannot go on (too little data, a loss that is not finite)
    ├── EvaluationError     scores, relevance or a choice of methods that cannot be evaluated
    ├── BundleError         a bundle is missing, altered, unreadable or of a newer format
    ├── StoreError          the document store cannot be reached or does not fit this version
    ├── SettingsError       a setting of the service is out of range
    ├── NotFoundError       what a request names does not exist
    ├── ConflictError       a request does not fit what is stored now
    ├── PreconditionError   what a request relies on has changed since
    ├── InputError          a value in a request cannot be used; says which one, and the range
    └── FaultsError         several values in a request cannot be used; says which

Anything else that is raised is a bug and should look like one.
"""

from collections.abc import Iterable


class TagprimeError(Exception):
    """The root of the hierarchy."""


class TagError(TagprimeError):
    """A string that cannot be a tag."""


class CorpusError(TagprimeError):
    """A collection's file is not what its format says."""


class RecipeError(TagprimeError):
    """A training recipe holds an unknown key or a value out of range."""


class TrainingError(TagprimeError):
    """Training cannot go on."""


class EvaluationError(TagprimeError):
    """Scores, relevance or a choice of methods that cannot be evaluated."""


class BundleError(TagprimeError):
    """A bundle is missing, altered, unreadable or of a newer format."""


class StoreError(TagprimeError):
    """The document store cannot be reached, or its schema is not this version's.

    Parameters
    ----------
    detail
        What is wrong, as clients may know it.
    reason
        What the operator needs besides: where the store is, and what the database reports.
    """

    def __init__(self, detail: str, reason: str = "") -> None:
        super().__init__(f"{detail}: {reason}" if reason else detail)
        self.detail = detail


class SettingsError(TagprimeError):
    """A setting of the service is out of range."""


class NotFoundError(TagprimeError):
    """What a request names does not exist.

    Parameters
    ----------
    code
        What is missing, for programs: ``model_not_found``.
    detail
        What is missing, in words.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class ConflictError(TagprimeError):
    """A request does not fit what is stored now.

    Parameters
    ----------
    code
        What does not fit, for programs: ``idempotency_key_in_use``.
    detail
        What does not fit, in words.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class PreconditionError(TagprimeError):
    """What a request relies on has changed since."""


class InputError(TagprimeError):
    """A value in a request cannot be used.

    Parameters
    ----------
    pointer
        Where it stands in the request, as a JSON pointer.
    detail
        What is wrong with it, and what is accepted.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer = pointer


class FaultsError(TagprimeError):
    """Several values in a request cannot be used.

    Parameters
    ----------
    detail
        What is wrong on the whole.
    faults
        Where and what is wrong, one by one; of many, the first.
    count
        How many there are in all.
    """

    def __init__(self, detail: str, faults: list[tuple[str, str]], count: int) -> None:
        super().__init__(detail)
        self.faults = faults
        self.count = count


def listed(names: Iterable[str], limit: int = 5) -> str:
    """Return the first names in order, each as `shown` has it, and how many more there are."""
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(shown(name) for name in ordered[:limit]) + more


def seen(value: object, limit: int = 80) -> str:
    """Return any value as Python writes it, shortened and in printable ASCII."""
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # a whole number of more digits than Python writes
        text = f"a {type(value).__name__} that is too long to show"
    return text if len(text) <= limit else text[:limit] + "..."


def shown(text: str, limit: int = 60) -> str:
    """Return `text` quoted, shortened and in printable ASCII, fit for an error message or a log."""
    return ascii(text if len(text) <= limit else text[:limit] + "...")
