"""What is read of the store: earlier reads never replace later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine, event, func, select

from app.db.engine import open_engine, transaction
from app.db.idempotency import begin
from app.db.model_aliases import move_alias
from app.db.repository import upsert_documents
from app.db.tables import idempotency_keys
from app.db.tag_aliases import put_aliases
from app.services.access.keys import KeyRing
from app.services.models.registry import Registry
from app.services.models.serving import Serving
from app.services.store import usage
from app.services.store.counting import StoppedError, UsageCounter
from app.services.store.monitor import StoreMonitor
from app.services.store.rules import RulesRefresher
from app.services.store.tidying import IdempotencyTidier
from app.settings import Settings
from models.catalogues.document import Document
from tests.unit.app.conftest import TAGS, default_of

MAX_TAGS = 100


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 60
    while not condition():
        assert monotonic() < deadline, "the condition did not become true"
        sleep(0.01)


def write(engine: Engine, **documents: list[str]) -> None:
    with transaction(engine) as connection:
        upsert_documents(connection, [Document.of(name, tags) for name, tags in documents.items()])


def put_rules(engine: Engine, rules: dict[str, str | None]) -> None:
    with transaction(engine) as connection:
        put_aliases(connection, rules)


@contextmanager
def paused_count(engine: Engine, count: Callable[[], object]) -> Iterator[None]:
    """Run `count` in a thread that is held up before it first reads co-occurrences, until the block ends."""
    reached, go_on = Event(), Event()

    def pause(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "document_tags AS document_tags_1" in statement and not reached.is_set():
            reached.set()
            assert go_on.wait(60)

    event.listen(engine, "before_cursor_execute", pause)
    thread = Thread(target=count)
    thread.start()
    try:
        assert reached.wait(60)
        yield
    finally:
        go_on.set()
        thread.join()
        event.remove(engine, "before_cursor_execute", pause)


def documents_with(serving: Serving, tag: str) -> int:
    found = serving.view.usage.get(tag)
    return 0 if found is None else found.n_documents


def test_usage_and_rules_are_read_once_for_each_change(engine: Engine, serving: Serving) -> None:
    counter, rules = UsageCounter(engine, MAX_TAGS), RulesRefresher(engine)
    write(engine, a=["vaporwave", "ambient"])
    put_rules(engine, {"trip hop": "hip hop", "jazz": None})
    rules.refresh([serving])
    assert serving.view.rules.aliases == {"trip hop": "hip hop"}
    assert serving.view.junk == {TAGS.index("jazz")}
    assert counter.is_behind([serving])
    assert counter.count([serving]) == 1
    assert not counter.is_behind([serving])
    assert counter.count([serving]) == 0
    assert documents_with(serving, "vaporwave") == 1
    put_rules(engine, {"vaporwave": "ambient"})
    assert counter.is_behind([serving]), "usage depends on the rules"
    assert counter.count([serving]) == 1
    assert documents_with(serving, "vaporwave") == 0
    before = serving.view
    rules.refresh([serving])
    assert serving.view is not before
    assert serving.view.usage is before.usage


def test_a_count_keeps_rules_that_were_read_meanwhile(engine: Engine, serving: Serving) -> None:
    counter, rules = UsageCounter(engine, MAX_TAGS), RulesRefresher(engine)
    write(engine, a=["vaporwave", "ambient"])
    with paused_count(engine, lambda: counter.count([serving])):
        put_rules(engine, {"jazz": None})
        rules.refresh([serving])
    assert serving.view.rules.junk == {"jazz"}
    assert serving.view.junk == {TAGS.index("jazz")}
    assert documents_with(serving, "vaporwave") == 1
    assert counter.is_behind([serving]), "the count was made by the rules before"


def test_an_earlier_count_never_replaces_a_later_one(engine: Engine, serving: Serving) -> None:
    counter = UsageCounter(engine, MAX_TAGS)
    write(engine, a=["vaporwave", "ambient"])
    with paused_count(engine, lambda: counter.count([serving])):
        write(engine, b=["vaporwave", "jazz"])
        later = Thread(target=counter.count, args=([serving],))
        later.start()
        later.join(0.5)  # it waits for the earlier one; if it did not, it would be done by now
    later.join()
    assert documents_with(serving, "vaporwave") == 2
    assert not counter.is_behind([serving])


def test_a_stop_interrupts_a_count(engine: Engine, serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "DOCUMENTS_AT_ONCE", 0)  # one statement for each tag
    counter = UsageCounter(engine, MAX_TAGS)
    write(engine, a=["vaporwave", "ambient"], b=["witch house", "ambient"])
    stopped = Event()

    def count() -> None:
        with pytest.raises(StoppedError):
            counter.count([serving])
        stopped.set()

    with paused_count(engine, count):
        counter.stop()
    assert stopped.is_set()
    assert serving.usage_mark is None
    assert documents_with(serving, "vaporwave") == 0


def test_a_background_count_is_not_started_twice_and_rests_afterwards(
    engine: Engine, serving: Serving
) -> None:
    counter = UsageCounter(engine, MAX_TAGS)
    write(engine, a=["vaporwave", "ambient"])

    def count() -> None:
        counter.count_in_background([serving])
        counter.join()

    with paused_count(engine, count):
        first = counter._thread
        counter.count_in_background([serving])
        assert counter._thread is first
    assert documents_with(serving, "vaporwave") == 1
    counter._not_before = monotonic() + 60
    write(engine, b=["vaporwave", "ambient"])
    count()
    assert documents_with(serving, "vaporwave") == 1, "the pause is not over"
    counter._not_before = 0
    count()
    assert documents_with(serving, "vaporwave") == 2


class FaultyKeys(KeyRing):
    """Keys whose reading fails for a reason that nobody foresaw, until it is mended."""

    mended = False
    attempts = 0

    def read(self) -> None:
        self.attempts += 1
        if not self.mended:
            raise ZeroDivisionError
        super().read()


def test_the_monitor_outlives_a_fault_of_the_service(
    engine: Engine, registry: tuple[Registry, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.store.monitor.LONGEST_PAUSE_SECONDS", 0.1)
    served, first, second = registry
    keys = FaultyKeys(engine)
    monitor = StoreMonitor(engine, served, keys, Settings(store_refresh_seconds=0.01))
    thread = Thread(target=monitor.run)
    thread.start()
    try:
        wait_for(lambda: keys.attempts > 3)
        assert not monitor.up
        assert "ZeroDivisionError" in str(monitor.fault)
        with transaction(engine) as connection:
            move_alias(connection, "default", second, first, None)
        keys.mended = True
        wait_for(lambda: default_of(served) == second)
        wait_for(lambda: monitor.fault is None)
        assert monitor.up
    finally:
        monitor.stop()
        thread.join()


def test_aliases_are_followed_while_usage_is_counted(
    engine: Engine, registry: tuple[Registry, str, str]
) -> None:
    served, first, second = registry
    monitor = StoreMonitor(engine, served, KeyRing(engine), Settings())
    write(engine, a=["vaporwave", "ambient"])
    with paused_count(engine, monitor.refresh):
        with transaction(engine) as connection:
            move_alias(connection, "default", second, first, None)
        monitor.read()
        assert default_of(served) == second


def test_a_prepared_bundle_has_rules_and_usage(
    engine: Engine, registry: tuple[Registry, str, str], serving: Serving
) -> None:
    monitor = StoreMonitor(engine, registry[0], KeyRing(engine), Settings())
    write(engine, a=["vaporwave", "ambient"])
    put_rules(engine, {"jazz": None})
    monitor.prepare(serving)
    assert documents_with(serving, "vaporwave") == 1
    assert serving.view.junk == {TAGS.index("jazz")}


def test_the_monitor_reports_whether_the_store_answers(
    tmp_path: Path, registry: tuple[Registry, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "later"
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    settings = Settings(store_refresh_seconds=0.02)
    monitor = StoreMonitor(engine, registry[0], KeyRing(engine), settings)
    thread = Thread(target=monitor.run)
    thread.start()
    try:
        monitor.wait_for_first_read(60)
        assert not monitor.up
        folder.mkdir()
        wait_for(lambda: monitor.up)
        write(engine, a=["vaporwave", "ambient"])
        served = registry[0].active()[0]
        wait_for(lambda: documents_with(served, "vaporwave") == 1)
    finally:
        monitor.stop()
        thread.join()
        engine.dispose()
    assert capsys.readouterr().out.count("store not read") == 1


def test_old_idempotency_keys_are_deleted_once_an_hour(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count() -> int:
        with transaction(engine, reads_only=True) as connection:
            return connection.scalar(select(func.count()).select_from(idempotency_keys)) or 0

    def add(key: str) -> None:
        with transaction(engine) as connection:
            begin(connection, key, "fingerprint", "owner")

    keeping, deleting = IdempotencyTidier(engine, hours=1), IdempotencyTidier(engine, hours=0)
    add("first")
    keeping.tidy()
    assert count() == 1
    deleting.tidy()
    assert count() == 0
    add("second")
    deleting.tidy()
    assert count() == 1, "within the hour nothing is deleted"
