"""Installed languages: users-core.md §1.1."""

import pytest

from homeroom.school.ground.locales import INSTALLED, PRIVATE_NAMES, display_name, is_installed

pytestmark = pytest.mark.spec("users-core.md#1.1")


@pytest.mark.parametrize("code", ["en", "en-GB", "fr-CA", "da-x-k12", "pt-BR", "zh-Hans", "zh-Hant", "ht"])
def test_an_installed_code(code: str) -> None:
    assert is_installed(code)


@pytest.mark.parametrize("code", ["", "xx", "EN", "en-gb", "en_GB", "en-GB ", "klingon", "zh", "../en", "en\0"])
def test_a_code_that_is_not_installed_or_spelled_otherwise(code: str) -> None:
    assert not is_installed(code)
    assert display_name(code) == code


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("en", "English"),
        ("fr", "Français"),
        ("da", "Dansk"),
        ("da-x-k12", "Dansk GR/GY"),
        ("ht", "Kreyòl Ayisyen"),
        ("ja", "日本語"),
    ],
)
def test_a_language_names_itself(code: str, name: str) -> None:
    assert display_name(code) == name


def test_every_installed_language_has_a_name_of_its_own() -> None:
    names = [display_name(code) for code in INSTALLED]
    assert len(set(names)) == len(INSTALLED) == len(set(INSTALLED))
    assert not set(names) & set(INSTALLED)
    assert set(PRIVATE_NAMES) <= set(INSTALLED)
    assert list(INSTALLED) == sorted(INSTALLED)
