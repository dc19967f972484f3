"""The demo school (`homeroom serve --demo`, `homeroom demo load`): small, lively, and the same every time."""

from homeroom.school.seed.demo.load import DOMAIN, PASSWORD, DemoPerson, load, people_to_try
from homeroom.school.seed.demo.retire import Replaced, is_open, retire

__all__ = ["DOMAIN", "PASSWORD", "DemoPerson", "Replaced", "is_open", "load", "people_to_try", "retire"]
