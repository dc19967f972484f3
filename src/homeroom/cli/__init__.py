"""The command line (design §8): ``homeroom serve`` and what an administrator does from a terminal."""

from homeroom.cli.main import main

__all__ = ["main"]
