"""The explorer where keys are required: a cookie opens its pages as far as the key goes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, select

from app.db.engine import open_engine, transaction
from app.db.keys import revoke_key
from app.db.migrations import upgrade
from app.db.tables import sessions, tag_aliases
from app.services.access.keys import create_key
from app.services.access.sessions import COOKIE
from tests.api.conftest import serving, wait_for
from tests.conftest import new_database

PAGE = {"Accept": "text/html,*/*;q=0.8"}
OURS = {**PAGE, "Sec-Fetch-Site": "same-origin"}
VARIANTS = "/explorer/library/variants"
ACCEPT = {"alias": "hip-hop", "target": "hip hop", "verdict": "accept"}


@dataclass
class Guarded:
    """A service that requires keys, and its store."""

    address: str
    engine: Engine

    def key(self, scope: str = "read", lifetime: timedelta | None = None) -> str:
        """Make a key that the service has heard of."""
        key = create_key(self.engine, scope, "", lifetime)[0]  # type: ignore[arg-type]
        self.wait_for(key)
        return key

    def wait_for(self, key: str) -> None:
        """Wait until a key opens the API."""
        headers = {"Authorization": f"Bearer {key}"}
        wait_for(lambda: httpx.get(f"{self.address}/v1/tags", headers=headers).status_code == 200)

    @contextmanager
    def visitor(self, key: str | None = None) -> Iterator[httpx.Client]:
        """Give a client that keeps cookies, signed in with a key if one is given."""
        with httpx.Client(base_url=self.address, timeout=20) as client:
            if key is not None:
                answer = client.post("/explorer/sign-in", data={"key": key}, headers=OURS)
                assert (answer.status_code, answer.headers["location"]) == (303, "/")
            yield client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def guarded(
    request: pytest.FixtureRequest, bundle_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Guarded]:
    url = f"sqlite:///{tmp_path_factory.mktemp('signing') / 'store.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgresql"))
    engine = open_engine(url)
    upgrade(engine)
    settings = {
        "TAGPRIME_AUTH": "required",
        "TAGPRIME_STORE_REFRESH_SECONDS": "0.05",
        "TAGPRIME_SIGN_IN_LIMIT": "1000/minute",
    }
    with serving("--bundle", str(bundle_path), "--database", url, **settings) as address:
        yield Guarded(address, engine)
    engine.dispose()


def test_whoever_is_not_signed_in_is_led_to_the_form_and_back(guarded: Guarded) -> None:
    with guarded.visitor() as client:
        led = client.get("/?tag=jazz&context=hip+hop", headers=PAGE)
        assert (led.status_code, led.text) == (303, "")
        form = client.get(led.headers["location"], headers=PAGE)
        assert form.status_code == 200
        assert "small" not in form.text, "the form tells nothing of what is served"
        there = re.search(r'name="next" value="([^"]+)"', form.text)
        assert there is not None
        wanted = there[1].replace("&amp;", "&")
        body = {"key": guarded.key(), "next": wanted}
        answer = client.post("/explorer/sign-in", data=body, headers=OURS)
        assert answer.headers["location"] == "/?tag=jazz&context=hip+hop"
        assert "jazz" in client.get(answer.headers["location"], headers=PAGE).text


def test_styles_and_scripts_need_no_key(guarded: Guarded) -> None:
    assert httpx.get(f"{guarded.address}/static/explorer.css").status_code == 200
    assert httpx.get(f"{guarded.address}/static/../v1/tags").status_code in {401, 404}
    assert httpx.get(f"{guarded.address}/static/%2e%2e/%2e%2e/settings.py").status_code == 404


def test_the_cookie_is_shut_away_and_holds_nothing_of_the_key(guarded: Guarded) -> None:
    key = guarded.key()
    with guarded.visitor() as client:
        answer = client.post("/explorer/sign-in", data={"key": key}, headers=OURS)
    cookie = answer.headers["set-cookie"]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "max-age=43200",
        "path=/",
        "samesite=strict",
    }
    token = cookie.partition("=")[2].partition(";")[0]
    assert len(token) == 43
    assert not any(part in cookie for part in key.split("_", 2)[1:])
    with transaction(guarded.engine, reads_only=True) as connection:
        held = [tuple(row) for row in connection.execute(select(sessions))]
    assert held
    assert token not in str(held)


def test_behind_https_the_cookie_is_secure(guarded: Guarded) -> None:
    headers = {**OURS, "X-Forwarded-Proto": "https"}
    with guarded.visitor() as client:
        answer = client.post("/explorer/sign-in", data={"key": guarded.key()}, headers=headers)
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("forged", ["", "x" * 43, "tp_0_1", "%00", '"; a=b', "ü".encode().decode("latin-1")])
def test_a_forged_cookie_opens_nothing(guarded: Guarded, forged: str) -> None:
    headers = {**PAGE, "Cookie": f"{COOKIE}={forged}".encode("latin-1")}
    answer = httpx.get(guarded.address, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 303


def test_a_key_is_no_cookie(guarded: Guarded) -> None:
    answer = httpx.get(guarded.address, headers={**PAGE, "Cookie": f"{COOKIE}={guarded.key()}"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/prime"),
        ("GET", "/v1/tags"),
        ("GET", "/v1/documents"),
        ("PUT", "/v1/tag-aliases/a"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/metrics"),
        ("GET", "/explorer"),
        ("GET", "/explorerx"),
        ("GET", "//explorer/library"),
    ],
)
def test_the_cookie_opens_nothing_but_the_explorer(guarded: Guarded, method: str, path: str) -> None:
    with guarded.visitor(guarded.key("admin")) as client:
        assert client.get("/explorer/library", headers=PAGE).status_code == 200
        answer = client.request(method, guarded.address + path, json={"tag": "jazz"}, headers=OURS)
        assert answer.status_code == 401


def test_signing_out_ends_the_session_for_every_holder_of_the_cookie(guarded: Guarded) -> None:
    with guarded.visitor(guarded.key()) as client:
        token = client.cookies[COOKIE]
        assert "Sign out" in client.get("/", headers=PAGE).text
        assert client.post("/explorer/sign-out", headers=OURS).headers["location"] == "/explorer/sign-in"
        assert COOKIE not in client.cookies
    answer = httpx.get(guarded.address, headers={**PAGE, "Cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 303


def test_a_session_ends_with_its_time(guarded: Guarded) -> None:
    with guarded.visitor(guarded.key()) as client:
        assert client.get("/", headers=PAGE).status_code == 200
        with transaction(guarded.engine) as connection:
            connection.execute(sessions.update().values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        wait_for(lambda: client.get("/", headers=PAGE).status_code == 303)


def test_a_session_ends_with_its_key(guarded: Guarded) -> None:
    key, stored = create_key(guarded.engine, "read", "", None)
    guarded.wait_for(key)
    with guarded.visitor(key) as client:
        assert client.get("/", headers=PAGE).status_code == 200
        with transaction(guarded.engine) as connection:
            assert revoke_key(connection, stored.id)
        wait_for(lambda: client.get("/", headers=PAGE).status_code == 303)
        assert client.post("/explorer/sign-in", data={"key": key}, headers=OURS).status_code == 422


def test_a_read_only_key_is_not_offered_the_invented_tracks(guarded: Guarded) -> None:
    with guarded.visitor(guarded.key("read")) as client:
        page = client.get("/explorer/library/documents", headers=PAGE).text
        assert "The store is empty" in page
        assert "invented" not in page
        assert client.post("/explorer/library/documents/demo", headers=OURS).status_code == 403
    with guarded.visitor(guarded.key("write")) as client:
        assert "Load 1,000 invented tracks" in client.get("/explorer/library/documents", headers=PAGE).text


def test_a_read_only_key_cannot_accept_an_alias(guarded: Guarded) -> None:
    with guarded.visitor(guarded.key("read")) as client:
        assert "Your key reads only" in client.get(VARIANTS, headers=PAGE).text
        answer = client.post(VARIANTS, data=ACCEPT, headers=OURS)
        assert answer.status_code == 403
        assert "This needs a key of scope write; the one sent has read." in answer.text
        answer = client.post(VARIANTS, data=ACCEPT, headers={**OURS, "HX-Request": "true"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert _aliases(guarded) == {}


def test_a_write_key_can_and_a_form_of_another_site_cannot(guarded: Guarded) -> None:
    address = httpx.URL(guarded.address)
    with guarded.visitor(guarded.key("write")) as client:
        for foreign in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": guarded.address},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.example"},
            {"Origin": f"http://{address.host}:1"},
            {"Origin": "null"},
            {},
        ):
            answer = client.post(VARIANTS, data=ACCEPT, headers=foreign)
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), foreign
        assert _aliases(guarded) == {}
        answer = client.post(VARIANTS, data=ACCEPT, headers={"Origin": guarded.address})
        assert answer.status_code == 303
    assert _aliases(guarded) == {"hip-hop": "hip hop"}


def test_without_keys_a_foreign_form_is_refused_all_the_same(server: httpx.Client) -> None:
    for path in (VARIANTS, "/explorer/sign-in", "/explorer/sign-out"):
        answer = server.post(path, data=ACCEPT, headers={"Origin": "https://evil.example"})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


def test_a_form_cannot_be_sent_as_another_type(guarded: Guarded) -> None:
    with guarded.visitor(guarded.key("write")) as client:
        answer = client.post(VARIANTS, json=ACCEPT, headers=OURS)
        assert answer.status_code == 415


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/v1/tags",
        "/explorer/sign-out",
        "/%0d\n",
    ],
)
def test_after_signing_in_one_stays_here(guarded: Guarded, wanted: str) -> None:
    with guarded.visitor() as client:
        body = {"key": guarded.key(), "next": wanted}
        assert client.post("/explorer/sign-in", data=body, headers=OURS).headers["location"] == "/"


def test_a_part_of_a_page_sends_the_whole_page_to_the_form(guarded: Guarded) -> None:
    with guarded.visitor() as client:
        answer = client.get("/explorer/library", headers={"HX-Request": "true"})
        assert answer.headers["hx-redirect"].startswith("/explorer/sign-in?next=")
        assert client.get("/explorer/suggest?q=j").status_code == 401


def test_wrong_keys_are_counted(bundle_path: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    engine = open_engine(url)
    upgrade(engine)
    settings = {"TAGPRIME_AUTH": "required", "TAGPRIME_SIGN_IN_LIMIT": "3/hour"}
    with (
        serving("--bundle", str(bundle_path), "--database", url, **settings) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        right = create_key(engine, "read", "", None)[0]
        Guarded(address, engine).wait_for(right)
        statuses = []
        for key in (right, "tp_0_0", "wrong", right, "", right):
            statuses.append(client.post("/explorer/sign-in", data={"key": key}, headers=OURS).status_code)
            client.cookies.clear()
        assert statuses == [303, 422, 422, 303, 422, 429]
        refused = client.post("/explorer/sign-in", data={"key": right}, headers=OURS)
        assert 0 < int(refused.headers["retry-after"]) <= 3600
        assert client.get("/v1/tags", headers={"Authorization": f"Bearer {right}"}).status_code == 200
    engine.dispose()


def test_without_keys_there_is_nothing_to_sign_in_to(server: httpx.Client) -> None:
    assert server.get("/explorer/sign-in?next=/explorer/library").headers["location"] == "/explorer/library"
    assert "Sign out" not in server.get("/").text


def _aliases(guarded: Guarded) -> dict[str, str | None]:
    with transaction(guarded.engine, reads_only=True) as connection:
        return {row.alias: row.target for row in connection.execute(select(tag_aliases))}
