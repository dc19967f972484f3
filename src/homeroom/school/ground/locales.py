"""The languages that a person, a course or an account may choose (users-core.md §1.1: "installed locale codes")."""

from functools import cache

from babel import Locale

INSTALLED = (
    "ar",
    "ca",
    "cy",
    "da",
    "da-x-k12",
    "de",
    "el",
    "en",
    "en-AU",
    "en-CA",
    "en-GB",
    "es",
    "es-ES",
    "fa",
    "fi",
    "fr",
    "fr-CA",
    "ga",
    "he",
    "hi",
    "ht",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ko",
    "mi",
    "ms",
    "nb",
    "nb-x-k12",
    "nl",
    "nn",
    "pl",
    "pt",
    "pt-BR",
    "ro",
    "ru",
    "sl",
    "sv",
    "sv-x-k12",
    "th",
    "tr",
    "uk",
    "vi",
    "zh-Hans",
    "zh-Hant",
)

# Variants for primary and secondary schools: private codes, which no library can name.
PRIVATE_NAMES = {
    "da-x-k12": "Dansk GR/GY",
    "nb-x-k12": "Norsk (Bokmål) GS/VGS",
    "sv-x-k12": "Svenska GR/GY",
}


def is_installed(code: str) -> bool:
    """Whether this is one of the codes, spelled exactly so."""
    return code in INSTALLED


def display_name(code: str) -> str:
    """The language's own name for itself, for a menu; a code that is not installed stays itself."""
    return _own_name(code) if is_installed(code) else code


@cache
def _own_name(code: str) -> str:
    name = PRIVATE_NAMES.get(code) or Locale.parse(code, sep="-").get_display_name() or code
    return name[0].upper() + name[1:]
