"""The page on which the API can be tried, and the document behind it."""

from __future__ import annotations

import re

import pytest
from tests.conftest import School

from homeroom.web.static_files import API_DOCS

PARTS = ("swagger-ui.css", "api-docs.css", "swagger-ui-bundle.js", "api-docs.js")


def test_anybody_may_read_the_document_for_the_address_they_used(school: School) -> None:
    for host in ("school.test", "127.0.0.1:8000"):
        reply = school.as_("anonymous").get("/api/docs/openapi.json", headers={"host": host})
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json; charset=utf-8")
        assert reply.json["servers"] == [{"url": f"http://{host}"}]
        assert "/api/v1/users/{id}" in reply.json["paths"]
        assert reply.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("who", ["anonymous", "student"])
def test_the_page_is_there_and_names_the_document(school: School, who: str) -> None:
    reply = school.as_(who).get("/api/docs")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'data-document="/api/docs/openapi.json"' in reply.text


def test_the_page_needs_nothing_from_elsewhere(school: School) -> None:
    page = school.as_("anonymous").get("/api/docs")
    assert re.findall(r'(?:src|href)="(?![/#])', page.text) == []
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy and "style-src 'self';" in policy and "connect-src 'self';" in policy
    for part in PARTS:
        assert f'"/static/api-docs/{part}"' in page.text
        reply = school.as_("anonymous").get(f"/static/api-docs/{part}")
        assert reply.status == 200
        assert b"sourceMappingURL" not in reply.body


def test_what_is_not_ours_comes_with_its_license() -> None:
    assert {"LICENSE", "NOTICE", "README.md", "swagger-ui-bundle.js.LICENSE.txt"} <= set(API_DOCS)
    version = re.search(rb"# Swagger UI (5\.\d+\.\d+)", API_DOCS["README.md"].content)
    assert version and version[1] in API_DOCS["swagger-ui-bundle.js"].content
