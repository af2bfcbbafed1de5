"""Documents over HTTP into the store: one, or a stream of lines in bounded memory.

A stream is written batch by batch; each batch, and how far the stream has come with it, in one
transaction. Sent again with the same Idempotency-Key, a stream that was broken off goes on behind its
last batch, and one that was finished gets its answer again. The lines passed over are hashed and
compared, so that another stream under a used key is refused instead of lost.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Engine

from app.db import idempotency
from app.db.engine import transaction
from app.db.repository import Upserted, upsert_documents
from app.schemas.documents import ImportAccount, JoinedTags, LineFault, TagUse, Written
from app.services.limits import check_document_size
from models.catalogues.account import Account
from models.catalogues.cleaning import Cleaner
from models.catalogues.document import Document
from models.catalogues.jsonl import scan_jsonl_records
from models.catalogues.records import Fault
from models.errors import ConflictError, InputError

SHOWN_FAULTS = 20
ACCOUNT_TAGS = 50_000
"""Distinct tags that are looked through for joined ones; the memory of an import is bounded by it."""
KEY_POINTER = "header:Idempotency-Key"


class Import:
    """One stream of lines on its way into the store.

    Parameters
    ----------
    engine
        The store.
    key
        What makes it safe to send again, or None.
    max_tags
        Most tags on one document.
    """

    def __init__(self, engine: Engine, key: str | None, max_tags: int) -> None:
        self.written = Written(status="running")
        self._engine = engine
        self._key = key
        self._owner = uuid.uuid4().hex
        self._max_tags = max_tags
        self._account = Account(most_distinct=ACCOUNT_TAGS)
        self._digest = hashlib.sha256()
        self._passed = 0
        self._resume_at, self._resume_digest = 0, ""
        self._finished: idempotency.Attempt | None = None

    def begin(self, fingerprint: str) -> None:
        """Take the key up.

        Raises
        ------
        ConflictError
            If another request is at work under the key.
        InputError
            If the key was used for something else.
        """
        if self._key is None:
            return
        with transaction(self._engine) as connection:
            attempt = idempotency.begin(connection, self._key, fingerprint, self._owner)
        if attempt is None:
            return
        check_attempt(attempt, fingerprint)
        self._finished = attempt if attempt.status is not None else None
        if attempt.progress:
            self._resume_at = attempt.progress["written"]["lines"]
            self._resume_digest = attempt.progress["digest"]
            self.written = Written.model_validate(attempt.progress["written"])

    def take(self, lines: Sequence[bytes]) -> None:
        """Write one batch, and with it how far the stream has come."""
        behind = max(0, min(self._resume_at - self._passed, len(lines)))
        for line in lines[:behind]:
            self._digest.update(line)
        self._passed += behind
        if behind and self._passed == self._resume_at:
            self._check_same()
        fresh = lines[behind:]
        if not fresh:
            return
        if self._finished is not None:
            raise self._other_stream()
        for line in fresh:
            self._digest.update(line)
        documents = list(self._parsed(fresh))
        self._passed += len(fresh)
        with transaction(self._engine) as connection:
            self._count(upsert_documents(connection, documents), len(fresh))
            if self._key is not None and not idempotency.advance(
                connection, self._key, self._owner, self._progress()
            ):
                raise in_use()  # its lease ran out and another request took the key

    def end(self) -> Written:
        """Close the stream and return what became of it."""
        if self._passed < self._resume_at:
            raise self._other_stream()
        self.written.status = "done"
        if self._finished is None:
            self.written.account = _reported(self._account)
        if self._key is not None and self._finished is None:
            with transaction(self._engine) as connection:
                if not idempotency.advance(connection, self._key, self._owner, self._progress()):
                    raise in_use()
                status = 422 if self.written.without_document else 200
                idempotency.finish(connection, self._key, status, self.written.model_dump_json())
        return self.written

    @property
    def renewal_seconds(self) -> float:
        """How often `renew` is to be called: a renewal may fail twice before the lease runs out."""
        return idempotency.LEASE.total_seconds() / 3

    def renew(self) -> None:
        """Keep the key while the stream is being sent; a sender may need longer than a lease for a batch."""
        if self._key is not None and self._finished is None:
            with transaction(self._engine) as connection:
                idempotency.renew(connection, self._key, self._owner)

    def check(self, batches: Iterable[Sequence[bytes]]) -> Written:
        """Return the faults of a whole stream; nothing is written."""
        probe = Import(self._engine, None, self._max_tags)
        for lines in batches:
            for _ in probe._parsed(lines):
                pass
            probe._passed += len(lines)
        probe.written.lines = probe._passed
        return probe.written

    def break_off(self) -> None:
        """Let the stream be sent again at once."""
        if self._key is not None and self._finished is None:
            with transaction(self._engine) as connection:
                idempotency.release(connection, self._key, self._owner)

    def _parsed(self, lines: Sequence[bytes]) -> Iterator[Document]:
        cleaner = Cleaner(
            account=self._account, check=lambda document: check_document_size(document, self._max_tags)
        )
        for number, item in cleaner.documents(scan_jsonl_records(io.BytesIO(b"".join(lines)))):
            if not isinstance(item, Fault):
                yield item
                continue
            self.written.faulty += 1
            if len(self.written.faults) < SHOWN_FAULTS:
                self.written.faults.append(LineFault(line=self._passed + number, detail=item.message))

    def _count(self, batch: Upserted, lines: int) -> None:
        self.written.lines += lines
        self.written.created += batch.created
        self.written.updated += batch.updated
        self.written.unchanged += batch.unchanged

    def _progress(self) -> dict[str, Any]:
        return {"written": self.written.model_dump(), "digest": self._digest.hexdigest()}

    def _check_same(self) -> None:
        if self._digest.hexdigest() != self._resume_digest:
            raise self._other_stream()

    def _other_stream(self) -> InputError:
        return InputError(KEY_POINTER, "the key was used for another stream; its lines differ from these")


def _reported(account: Account) -> ImportAccount:
    joined = [
        JoinedTags(
            separator=use.separator,
            tags=use.tags,
            of=use.of,
            parted=use.parted,
            commonest=[TagUse(tag=tag, documents=n) for tag, n in use.commonest],
        )
        for use in account.separators()
    ]
    return ImportAccount(
        tags=account.tags,
        merged=account.merged,
        decoded=account.decoded,
        trimmed=account.trimmed,
        dropped=dict(account.dropped),
        joined=joined,
    )


def check_attempt(attempt: idempotency.Attempt, fingerprint: str) -> None:
    """Raise if a key is in use, or was used for something else."""
    if attempt.fingerprint != fingerprint:
        raise InputError(KEY_POINTER, "the key was used for another request; take a new one")
    if attempt.running:
        raise in_use()


def in_use() -> ConflictError:
    """Return the error of a key that another request is at work under."""
    return ConflictError("idempotency_key_in_use", "a request with this Idempotency-Key is being dealt with")
