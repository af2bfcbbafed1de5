"""The store on SQLite and on PostgreSQL: the same tests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, inspect, select

import app.db.migrations as migrations
from app.db.engine import open_engine, transaction
from app.db.repository import Upserted, change_mark, co_occurrences, tag_counts, upsert_documents
from app.db.tables import document_tags, documents, metadata
from app.jobs.sampling import sample_documents
from models.catalogues.document import Document
from models.errors import StoreError


def test_the_code_knows_the_newest_revision() -> None:
    assert ScriptDirectory(migrations.__path__[0]).get_current_head() == migrations.HEAD


def test_migrations_make_the_tables_and_take_them_back(empty_store: Engine) -> None:
    assert migrations.current_revision(empty_store) is None
    migrations.upgrade(empty_store)
    assert migrations.current_revision(empty_store) == migrations.HEAD
    with transaction(empty_store) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    migrations.downgrade(empty_store, "base")
    assert set(inspect(empty_store).get_table_names()) <= {"alembic_version"}
    migrations.upgrade(empty_store)
    assert migrations.current_revision(empty_store) == migrations.HEAD


def test_several_processes_may_migrate_at_once(empty_store: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrations.upgrade, [empty_store] * 4))
    assert migrations.current_revision(empty_store) == migrations.HEAD


def test_a_schema_of_a_newer_version_is_refused(store: Engine) -> None:
    with transaction(store) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="9999"):
        migrations.ensure_current(store)


def held(store: Engine) -> dict[str, int]:
    with transaction(store, reads_only=True) as connection:
        return {tag.name: tag.documents for tag in tag_counts(connection)}


def test_documents_are_kept_by_external_id(store: Engine) -> None:
    first = [Document("a", ("x", "y"), "artist"), Document("b", ("y",))]
    with transaction(store) as connection:
        assert upsert_documents(connection, first) == Upserted(created=2)
        mark = change_mark(connection)
    with transaction(store) as connection:
        assert upsert_documents(connection, first) == Upserted(unchanged=2)
        assert change_mark(connection) == mark
    with transaction(store) as connection:
        again = [Document("a", ("y", "z")), Document("b", ("y",)), Document("c", ())]
        assert upsert_documents(connection, again) == Upserted(created=1, updated=1, unchanged=1)
        assert change_mark(connection) != mark
    assert held(store) == {"y": 2, "z": 1}


def test_of_documents_with_one_id_the_last_counts(store: Engine) -> None:
    with transaction(store) as connection:
        written = upsert_documents(connection, [Document("a", ("x",)), Document("a", ("y", "y"))])
    assert written == Upserted(created=1)
    assert held(store) == {"y": 1}


def test_more_documents_than_fit_one_statement(store: Engine) -> None:
    batch = [Document(f"d{i}", (f"tag {i}", "all")) for i in range(1200)]
    with transaction(store) as connection:
        assert upsert_documents(connection, batch) == Upserted(created=1200)
    with transaction(store) as connection:
        assert upsert_documents(connection, batch) == Upserted(unchanged=1200)
    assert len(held(store)) == 1201
    assert held(store)["all"] == 1200


def test_co_occurrences_count_documents(store: Engine) -> None:
    with transaction(store) as connection:
        upsert_documents(
            connection, [Document("1", ("x", "y", "z")), Document("2", ("x", "y")), Document("3", ("z",))]
        )
        ids = {tag.name: tag.id for tag in tag_counts(connection)}
        beside = co_occurrences(connection, [ids["x"], ids["z"]], ids.values())
        of_y = co_occurrences(connection, [ids["x"], ids["z"]], [ids["y"]])
        of_none = co_occurrences(connection, [ids["x"]], [])
    assert sorted(beside[ids["x"]]) == sorted([(ids["y"], 2), (ids["z"], 1)])
    assert sorted(beside[ids["z"]]) == sorted([(ids["x"], 1), (ids["y"], 1)])
    assert of_y == {ids["x"]: [(ids["y"], 2)], ids["z"]: [(ids["y"], 1)]}
    assert of_none == {ids["x"]: []}


def test_a_sample_of_documents_is_fair_and_tells_that_it_is_alive(store: Engine) -> None:
    told: list[None] = []
    with transaction(store) as connection:
        upsert_documents(connection, [Document(f"{i:04}", (f"t{i}",)) for i in range(2500)])
        whole = sample_documents(connection, 3000, 0, lambda: told.append(None))
        some = sample_documents(connection, 100, 1, lambda: None)
        same = sample_documents(connection, 100, 1, lambda: None)
        none = sample_documents(connection, 100, 2, lambda: None)
    assert len(whole) == 2500
    assert len(told) == 3
    assert len(set(some)) == 100
    assert some == same != none
    positions = [int(tag[1:]) for (tag,) in some]
    assert 1000 < sum(positions) / 100 < 1500, "from the whole store, not its beginning"


def test_a_failed_transaction_leaves_nothing(store: Engine) -> None:
    def write_and_fail() -> None:
        with transaction(store) as connection:
            upsert_documents(connection, [Document("a", ("x",))])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert held(store) == {}


def test_writers_at_once_lose_nothing(store: Engine) -> None:
    def write(worker: int) -> None:
        for step in range(5):
            with transaction(store) as connection:
                upsert_documents(
                    connection,
                    [
                        Document(f"{worker}-{step}", ("shared", f"w{worker}")),
                        Document("same", (f"w{worker}",)),
                    ],
                )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    counts = held(store)
    assert counts["shared"] == 20
    with transaction(store, reads_only=True) as connection:
        assert connection.scalar(select(func.count()).select_from(documents)) == 21
        of_same = (
            select(func.count())
            .select_from(document_tags)
            .join(documents, documents.c.id == document_tags.c.document_id)
            .where(documents.c.external_id == "same")
        )
        assert connection.scalar(of_same) == 1, "the last writer's tags, not a mixture"


@pytest.mark.parametrize("url", ["mysql://host/db", "not a url", "sqlite:////nowhere/at/all.db"])
def test_a_store_that_cannot_be_is_a_store_error(url: str) -> None:
    with pytest.raises(StoreError):
        migrations.ensure_current(open_engine(url, timeout=1))


def test_a_password_is_never_shown() -> None:
    engine = open_engine("postgresql://user:hunter2@127.0.0.1:1/db", timeout=1)
    with pytest.raises(StoreError) as caught:
        migrations.ensure_current(engine)
    assert "hunter2" not in str(caught.value)
