"""The pages of the OAuth2 face."""

from __future__ import annotations

from homeroom.wire.browser.pages import Pages

PAGES = Pages("homeroom.oauth2")
