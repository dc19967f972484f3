"""The demo school (`homeroom serve --demo`, `homeroom demo load`): small, lively, and the same every time."""

from homeroom.school.demo.load import DOMAIN, PASSWORD, DemoPerson, load, people_to_try

__all__ = ["DOMAIN", "PASSWORD", "DemoPerson", "load", "people_to_try"]
