"""The options of every command that reads a catalogue, declared once for both sides of the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

if TYPE_CHECKING:
    from models.catalogues.reading import Reading


class Option(NamedTuple):
    """One option: the parameter that it fills, its type, its default and its help."""

    name: str
    type: Any
    default: Any
    help: str
    metavar: str | None = None

    def parameter(self, declare: Callable[..., Any]) -> inspect.Parameter:
        """Return the parameter of a command that the option fills."""
        flag = "--" + self.name.replace("_", "-")
        declared = declare(flag, help=self.help, metavar=self.metavar)
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=self.default,
            annotation=Annotated[self.type, declared],
        )


OPTIONS = (
    Option("id_field", str | None, None, "The column or key of the id; `id` if not given.", "NAME"),
    Option(
        "tags_field",
        list[str],
        [],
        "The column or key of the tags, nested ones by dots, e.g. `track.genres`; may come several times.",
        "NAME",
    ),
    Option("group_field", str | None, None, "The column or key of the group (artist, album).", "NAME"),
    Option("weight_field", str | None, None, "The column or key of a tag's weight.", "NAME"),
    Option("delimiter", str | None, None, "What separates the tags in one cell; `|` if not given.", "TEXT"),
    Option("long", bool, False, "Each row of the table holds one tag."),
    Option("encoding", str | None, None, "Of a text that is not UTF-8, e.g. `cp1252`.", "NAME"),
    Option("min_weight", float, 0.0, "Leave out tags that weigh less.", "WEIGHT"),
    Option("top", int | None, None, "Keep the N tags of each document that weigh most.", "N"),
    Option(
        "split",
        list[str],
        [],
        "Split tags at these signs, e.g. `';,/'`, or `'genre=;,'` for one field, where both sides are tags "
        "elsewhere.",
        "SIGNS",
    ),
    Option("split_always", bool, False, "Split at these signs whatever stands around them."),
)

Command = Callable[..., None]


def reading_options(declare: Callable[..., Any]) -> Callable[[Command], Command]:
    """Return a decorator that gives a command these options and hands it their values as ``reading``.

    Parameters
    ----------
    declare
        How the command line declares an option: ``typer.Option``.
    """

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> None:
            asked = {option.name: given.pop(option.name) for option in OPTIONS}
            command(**given, reading=reading_of(**asked))

        own = inspect.signature(command)
        # A command line is built before any catalogue is read, so `Reading` is not imported for its name.
        types = get_type_hints(command, localns={"Reading": Any}, include_extras=True)
        parameters = [
            *(
                parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=types[name])
                for name, parameter in own.parameters.items()
                if name != "reading"
            ),
            *(option.parameter(declare) for option in OPTIONS),
        ]
        run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def reading_of(
    *,
    id_field: str | None = None,
    tags_field: list[str] | None = None,
    group_field: str | None = None,
    weight_field: str | None = None,
    delimiter: str | None = None,
    long: bool = False,
    encoding: str | None = None,
    min_weight: float = 0.0,
    top: int | None = None,
    split: list[str] | None = None,
    split_always: bool = False,
) -> Reading:
    """Return how to read a catalogue by these options.

    Raises
    ------
    CorpusError
        If one is out of its range.
    """
    from models.catalogues.cleaning import Cleaning
    from models.catalogues.fields import Fields
    from models.catalogues.reading import Reading
    from models.catalogues.splitting import Splitting

    fields = Fields(
        id=id_field,
        tags=tuple(tags_field or ()),
        group=group_field,
        weight=weight_field,
        delimiter=delimiter,
        long=long,
        encoding=encoding,
    )
    return Reading(fields=fields, cleaning=Cleaning(Splitting.of(split or (), split_always), min_weight, top))
