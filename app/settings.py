"""Every setting of the service, read from the environment.

=====================================  =========================  ============================================
Variable                               Default                    Meaning
=====================================  =========================  ============================================
``TAGPRIME_BUNDLE``                    the shipped demo           Bundle that ``default`` serves at first.
``TAGPRIME_BUNDLES``                   none                       Folder of bundles to serve by name or alias.
``TAGPRIME_MAX_MODELS``                ``4``                      Bundles in memory besides those under aliases.
``TAGPRIME_DATABASE_URL``              ``sqlite:///tagprime.db``  The document store, as a SQLAlchemy URL.
``TAGPRIME_DATABASE_PASSWORD_FILE``    none                       File with the store's password, for a URL without one.
``TAGPRIME_HOST``                      ``127.0.0.1``              Address to listen on.
``TAGPRIME_PORT``                      ``8000``                   Port to listen on.
``TAGPRIME_AUTH``                      ``off``                    ``required`` asks every request for a key.
``TAGPRIME_RATE_LIMIT``                none                       Requests of one key, such as ``600/minute``.
``TAGPRIME_CORS_ORIGINS``              none                       Origins whose pages may send requests, such as
                                                                  ``https://a.example,https://b.example``, or ``*``.
``TAGPRIME_SESSION_HOURS``             ``12``                     How long one stays signed in to the explorer.
``TAGPRIME_SIGN_IN_LIMIT``             ``10/minute``              Wrong keys that one address may try to sign in with.
``TAGPRIME_ACCESS_LOG``                ``True``                   Whether each request is logged.
``TAGPRIME_WORKER``                    ``inside``                 Whether evaluations run in the server or in ``tagprime worker``.
``TAGPRIME_EVALUATION_MAX_DOCUMENTS``  ``20000``                  Most documents of one evaluation.
``TAGPRIME_EVALUATION_MAX_CUTOFFS``    ``20``                     Most cutoffs ``k`` of one evaluation.
``TAGPRIME_DRAIN_SECONDS``             ``20``                     How long requests may take to end at a stop.
``TAGPRIME_LOG_LEVEL``                 ``info``                   ``debug``, ``info``, ``warning``, ``error``.
``TAGPRIME_OTLP_ENDPOINT``             none                       Where traces go, such as ``http://collector:4318/v1/traces``.
``TAGPRIME_MAX_BODY_BYTES``            ``1000000``                Largest request body.
``TAGPRIME_MAX_RESULTS``               ``1000``                   Largest ``limit`` of a query.
``TAGPRIME_MAX_CONTEXT``               ``100``                    Most context tags in a query.
``TAGPRIME_MAX_EXCLUDE``               ``1000``                   Most excluded tags in a query.
``TAGPRIME_MAX_MAP_TAGS``              ``5000``                   Most tags on the explorer's map.
``TAGPRIME_MAX_BUNDLE_BYTES``          ``4294967296``             Largest bundle that is loaded.
``TAGPRIME_MAX_BATCH``                 ``256``                    Most queries, or tags to embed, in one request.
``TAGPRIME_MAX_DOCUMENT_TAGS``         ``1000``                   Most tags on a document.
``TAGPRIME_MAX_IMPORT_BYTES``          ``4294967296``             Largest stream of documents.
``TAGPRIME_IDEMPOTENCY_HOURS``         ``48``                     How long an Idempotency-Key is remembered.
``TAGPRIME_INDEX_CACHE_BYTES``         ``67108864``               Memory for indexes of recent contexts.
``TAGPRIME_THREADS``                   ``1``                      Threads of one search.
``TAGPRIME_STORE_REFRESH_SECONDS``     ``2``                      Seconds between reads of the store for queries.
``TAGPRIME_USAGE_MAX_TAGS``            ``5000``                   OOV tags whose usage is held in memory.
``TAGPRIME_STORE_TIMEOUT_SECONDS``     ``5``                      Longest wait for the store.
``TAGPRIME_LIBRARY_MAX_TAGS``          ``20000``                  The store's tags that the explorer lists, and tags it compares.
=====================================  =========================  ============================================
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

import models
from models.errors import SettingsError

DEMO_BUNDLE = Path(models.__path__[0]) / "artifacts" / "demo"
DEMO_DOCUMENTS = DEMO_BUNDLE.with_name("demo-documents.jsonl")
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """The settings; keyword arguments go before the environment."""

    model_config = SettingsConfigDict(env_prefix="TAGPRIME_", frozen=True, extra="forbid")

    bundle: Path = Field(DEMO_BUNDLE, description="Bundle that `default` serves at first.")
    bundles: Path | None = Field(None, description="Folder of bundles to serve by name or alias.")
    max_models: PositiveInt = Field(4, description="Bundles in memory besides those under aliases.")
    database_url: str = Field("sqlite:///tagprime.db", description="The document store, as a SQLAlchemy URL.")
    database_password_file: Path | None = Field(
        None, description="File with the store's password, for a URL without one."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    auth: Literal["off", "required"] = Field("off", description="`required`: every request needs a key.")
    rate_limit: str | None = Field(None, description="Requests of one key, such as `600/minute`.")
    cors_origins: str | None = Field(
        None,
        description="Origins whose pages may send requests, such as `https://a.example,https://b.example`, or `*`.",
    )
    session_hours: PositiveFloat = Field(12, description="How long one stays signed in to the explorer.")
    sign_in_limit: str = Field(
        "10/minute", description="Wrong keys that one address may try to sign in with."
    )
    access_log: bool = Field(True, description="Whether each request is logged.")
    worker: Literal["inside", "apart"] = Field(
        "inside", description="Whether evaluations run in the server or in `tagprime worker`."
    )
    evaluation_max_documents: PositiveInt = Field(20_000, description="Most documents of one evaluation.")
    evaluation_max_cutoffs: PositiveInt = Field(20, description="Most cutoffs `k` of one evaluation.")
    drain_seconds: PositiveInt = Field(20, description="How long requests may take to end at a stop.")
    log_level: LogLevel = Field("info", description="`debug`, `info`, `warning`, `error`.")
    otlp_endpoint: str | None = Field(
        None, description="Where traces go, such as `http://collector:4318/v1/traces`."
    )
    max_body_bytes: PositiveInt = Field(1_000_000, description="Largest request body.")
    max_results: PositiveInt = Field(1000, description="Largest `limit` of a query.")
    max_context: PositiveInt = Field(100, description="Most context tags in a query.")
    max_exclude: PositiveInt = Field(1000, description="Most excluded tags in a query.")
    max_map_tags: PositiveInt = Field(5000, description="Most tags on the explorer's map.")
    max_bundle_bytes: PositiveInt = Field(4 * 2**30, description="Largest bundle that is loaded.")
    max_batch: PositiveInt = Field(256, description="Most queries, or tags to embed, in one request.")
    max_document_tags: PositiveInt = Field(1000, description="Most tags on a document.")
    max_import_bytes: PositiveInt = Field(4 * 2**30, description="Largest stream of documents.")
    idempotency_hours: PositiveFloat = Field(48, description="How long an Idempotency-Key is remembered.")
    index_cache_bytes: PositiveInt = Field(64 * 2**20, description="Memory for indexes of recent contexts.")
    threads: PositiveInt = Field(1, description="Threads of one search.")
    store_refresh_seconds: PositiveFloat = Field(
        2, description="Seconds between reads of the store for queries."
    )
    usage_max_tags: PositiveInt = Field(5000, description="OOV tags whose usage is held in memory.")
    store_timeout_seconds: PositiveFloat = Field(5, description="Longest wait for the store.")
    library_max_tags: PositiveInt = Field(
        20_000, description="The store's tags that the explorer lists, and tags it compares."
    )

    @property
    def store_url(self) -> str:
        """The store's URL, with the password of its file.

        Raises
        ------
        SettingsError
            If the file cannot be read.
        """
        if self.database_password_file is None:
            return self.database_url
        from sqlalchemy.engine import make_url

        try:
            password = self.database_password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            name = variable("database_password_file")
            raise SettingsError(f"{name}: {self.database_password_file} cannot be read: {error}") from None
        return make_url(self.database_url).set(password=password).render_as_string(hide_password=False)

    @property
    def allowed_origins(self) -> list[str]:
        """The origins whose pages may send requests; empty for none."""
        return [] if self.cors_origins is None else self.cors_origins.split(",")

    @property
    def max_age(self) -> int:
        """Whole seconds that a cache may use an answer for without asking again."""
        return int(self.store_refresh_seconds)

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, text: str | None) -> str | None:
        if text not in {None, "*"}:
            for origin in str(text).split(","):
                if not re.fullmatch(
                    r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?", origin
                ):
                    raise ValueError(
                        "an origin is a scheme and a host in lower case, with a port if it is not the "
                        "scheme's own, such as https://app.example or http://localhost:5173; several stand "
                        f"with commas and no spaces between them, and * is all of them; got {origin!a}"
                    )
        return text

    @field_validator("rate_limit", "sign_in_limit")
    @classmethod
    def _a_rate(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", text):
            raise ValueError("a rate is NUMBER/second, /minute, /hour or /day")
        return text

    @field_validator("otlp_endpoint")
    @classmethod
    def _an_address(cls, text: str | None) -> str | None:
        if text is not None and not re.fullmatch(r"https?://[^/\s]+(/\S*)?", text):
            raise ValueError("an address such as http://collector:4318/v1/traces is needed")
        return text


def variable(name: str) -> str:
    """Return the environment variable of a setting, as errors and documents name it."""
    return f"TAGPRIME_{name.upper()}"
