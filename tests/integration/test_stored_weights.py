"""Weights of tags in the store, and the migration to today's spelling, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

import app.db.migrations as migrations
from app.db.documents import all_documents, get_document
from app.db.engine import transaction
from app.db.repository import Upserted, upsert_documents
from app.db.tag_aliases import alias_table, put_aliases
from app.services.documents.export import cleaned_documents
from models.catalogues.document import Document


def write(store: Engine, *batch: Document) -> Upserted:
    with transaction(store) as connection:
        return upsert_documents(connection, batch)


def read(store: Engine, name: str) -> Document:
    with transaction(store, reads_only=True) as connection:
        found = get_document(connection, name)
    assert found is not None
    return found.document


def test_weights_are_kept_with_their_tags(store: Engine) -> None:
    weighted = Document("a", ("rock", "pop", "80s"), None, (100.0, 0.1, 1.0))
    assert write(store, weighted, Document("b", ("rock",))) == Upserted(created=2)
    assert read(store, "a") == Document("a", ("80s", "pop", "rock"), None, (1.0, 0.1, 100.0))
    assert read(store, "b").weights is None
    assert write(store, weighted) == Upserted(unchanged=1)


def test_another_weight_is_a_change(store: Engine) -> None:
    write(store, Document("a", ("pop", "rock"), None, (2.0, 3.0)))
    assert write(store, Document("a", ("pop", "rock"), None, (2.0, 4.0))) == Upserted(updated=1)
    assert write(store, Document("a", ("pop", "rock"))) == Upserted(updated=1)
    assert read(store, "a").weights is None


def test_of_joined_tags_the_weights_add_up(store: Engine) -> None:
    write(
        store,
        Document("votes", ("hip hop", "hiphop", "live"), None, (5.0, 2.0, 9.0)),
        Document("plain", ("hip hop", "hiphop", "live")),
    )
    with transaction(store) as connection:
        put_aliases(connection, {"hiphop": "hip hop", "live": None})
    assert list(cleaned_documents(store)) == [
        Document("plain", ("hip hop",)),
        Document("votes", ("hip hop",), None, (7.0,)),
    ]


TAGS = st.sampled_from(["rock", "pop", "r&b", "ac/dc", "80s", "lo-fi", "日本のロック", "a,b;c|d"])
WEIGHTS = st.floats(min_value=0, exclude_min=True, allow_infinity=False, allow_nan=False)


@given(st.dictionaries(TAGS, WEIGHTS, max_size=6), st.none() | st.just("artist"))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_weights_come_back_as_they_were(
    store: Engine, stated: dict[str, float | None], group: str | None
) -> None:
    document = Document.weighing("any", dict(sorted(stated.items())), group)
    write(store, document)
    assert read(store, "any") == document


def fill_at_revision_6(store: Engine, tags: Iterable[str]) -> None:
    """Fill a store as the code of revision 0006 did: no weights, tags in the first normaliser's spelling."""
    migrations.upgrade(store)
    migrations.downgrade(store, "0006")
    now = "2026-01-01 00:00:00"
    with transaction(store) as connection:
        for number, name in enumerate(tags, start=1):
            row = {"number": number, "name": name, "now": now}
            connection.execute(text("INSERT INTO tags (id, name) VALUES (:number, :name)"), row)
            connection.execute(
                text(
                    "INSERT INTO documents (id, external_id, created_at, updated_at) "
                    "VALUES (:number, :name, :now, :now)"
                ),
                row,
            )
            connection.execute(text("INSERT INTO document_tags VALUES (:number, :number)"), row)


def test_a_store_of_the_first_normaliser_is_respelt(empty_store: Engine) -> None:
    fill_at_revision_6(empty_store, ["r&amp;b", "r&b", "\u200bchill", "\u200b", "soul"])
    with transaction(empty_store) as connection:
        # A document that holds both spellings.
        connection.execute(text("INSERT INTO document_tags VALUES (1, 2)"))
        rules = [
            ("rnb", "r&amp;b"),
            ("r&amp;b ballad", "soul"),
            ("r&amp;b", "r&b"),
            ("x", "\u200b"),
            ("y", None),
        ]
        for alias, target in rules:
            connection.execute(
                text("INSERT INTO tag_aliases VALUES (:alias, :target, '2026-01-01 00:00:00')"),
                {"alias": alias, "target": target},
            )
    migrations.upgrade(empty_store)
    with transaction(empty_store, reads_only=True) as connection:
        held = {document.id: document.tags for document in all_documents(connection)}
        assert alias_table(connection) == {"rnb": "r&b", "r&b ballad": "soul", "y": None}
        names = set(connection.execute(text("SELECT name FROM tags")).scalars())
    assert held == {
        "r&amp;b": ("r&b",),
        "r&b": ("r&b",),
        "\u200bchill": ("chill",),
        "\u200b": (),
        "soul": ("soul",),
    }
    assert names == {"r&b", "chill", "soul"}


def test_weights_go_down_and_up_again(store: Engine) -> None:
    write(store, Document("a", ("rock",), None, (5.0,)))
    migrations.downgrade(store, "0006")
    migrations.upgrade(store)
    assert read(store, "a") == Document("a", ("rock",))


@pytest.mark.parametrize("weight", [5e-324, 1.7976931348623157e308, 0.1 + 0.2])
def test_a_weight_is_kept_to_the_last_digit(store: Engine, weight: float) -> None:
    write(store, Document("a", ("rock",), None, (weight,)))
    assert read(store, "a").weights == (weight,)
