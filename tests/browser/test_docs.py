"""The API's documentation in a real browser: all of it, from this host alone."""

from __future__ import annotations

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import Visit


def test_docs_show_every_operation_and_let_it_be_tried(visit: Visit) -> None:
    visit.go("/docs")
    paths = httpx.get(visit.address + "/openapi.json").json()["paths"]
    n_operations = sum(len(operations) for operations in paths.values())
    expect(visit.page.locator(".opblock")).to_have_count(n_operations)
    prime = visit.page.locator("#operations-priming-prime_v1_prime_post")
    prime.locator(".opblock-summary-control").click()
    prime.get_by_role("button", name="Execute").click()
    expect(prime.locator(".live-responses-table .response-col_status").last).to_have_text("200")
    expect(prime.locator(".live-responses-table")).to_contain_text("context_used")


def test_nothing_on_the_page_may_come_from_elsewhere_or_be_inline(explorer: str) -> None:
    answer = httpx.get(explorer + "/docs")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "//" not in answer.text.replace("<!--", "")
    assert httpx.get(explorer + "/redoc").status_code == 404
