"""Homeroom: a school's people as a server."""

__version__ = "0.1.0"
