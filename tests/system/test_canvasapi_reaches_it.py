"""A client that was made for Canvas, over a socket."""

from __future__ import annotations

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import InvalidAccessToken
from tests.support.live import LiveServer


def test_canvasapi_knows_who_it_is(live_server: LiveServer) -> None:
    me = Canvas(live_server.url, live_server.token("teacher")).get_current_user()
    assert (me.id, me.name) == (live_server.id("teacher"), "Tina Teacher")


def test_canvasapi_says_that_a_token_is_wrong(live_server: LiveServer) -> None:
    with pytest.raises(InvalidAccessToken):
        Canvas(live_server.url, "no-such-token-0123456789").get_current_user()
