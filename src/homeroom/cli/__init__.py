"""The command line: ``homeroom serve`` and what an administrator does from a terminal."""

from homeroom.cli.main import main

__all__ = ["main"]
