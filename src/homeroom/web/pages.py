"""The templates of this face."""

from homeroom.wire.pages import Pages

PAGES = Pages("homeroom.web")
