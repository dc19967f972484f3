"""The templates of this face."""

from homeroom.wire.browser.pages import Pages

PAGES = Pages("homeroom.web")
