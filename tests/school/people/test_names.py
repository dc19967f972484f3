"""Names and what is derived from them: users-core.md §1.1."""

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from homeroom.school.people.names import (
    NAME_LIMIT,
    SORT_KEY_LIMIT,
    SUFFIX,
    Given,
    Name,
    Names,
    first_and_last,
    name_of_sortable,
    names_after_change,
    names_on_create,
    search_key,
    sort_key,
    sortable_name_of,
    split_name,
)

pytestmark = pytest.mark.spec("users-core.md#1.1")

WORD = st.text(string.ascii_letters, min_size=1, max_size=12).filter(lambda word: not SUFFIX.fullmatch(word))
SIMPLE_NAME = st.lists(WORD, min_size=1, max_size=5).map(" ".join)
ANY_NAMES = st.builds(Names, st.text(), st.text(), st.text())

MARIA = Names(name="Maria Garcia Lopez", short_name="Mari", sortable_name="Garcia Lopez, Maria")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Doe, John", Name("John", "Doe", None)),
        ("Doe, John, Sr.", Name("John", "Doe", "Sr.")),
        ("Ho, Chi, Min", Name("Chi Min", "Ho", None)),
        ("John Doe, Sr.", Name("John", "Doe", "Sr.")),
        ("John Doe Jr.", Name("John", "Doe", "Jr.")),
        ("Mary Ann Smith", Name("Mary Ann", "Smith", None)),
        ("Cher", Name("Cher", None, None)),
        ("Cher Jr", Name("Cher", None, "Jr")),
        ("Jr", Name("Jr", None, None)),
        ("  Mary   Smith ", Name("Mary", "Smith", None)),
        ("Doe, John Jr.", Name("John", "Doe", "Jr.")),
        ("Doe, Jr.", Name(None, "Doe", "Jr.")),
        ("Doe,", Name("Doe", None, None)),
        (", John", Name("John", None, None)),
        ("John Doe Jr., Esq.", Name("John Doe", "Jr.", "Esq.")),
        ("", Name(None, None, None)),
        (" , ,", Name(None, None, None)),
    ],
)
def test_a_name_comes_apart(name: str, parts: Name) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize(
    "suffix", ["Sr", "Snr", "Senior", "Jr", "Jnr", "Junior", "II", "III", "IV", "V", "VI", "Esq", "Esquire"]
)
@pytest.mark.parametrize("spell", [str, str.lower, str.upper, "{}.".format])
def test_every_suffix_is_known_in_any_case_and_with_a_dot(suffix: str, spell: Callable[[str], str]) -> None:
    assert split_name(f"John Doe {spell(suffix)}") == Name("John", "Doe", spell(suffix))


def test_a_word_that_only_begins_like_a_suffix_is_a_surname() -> None:
    assert split_name("John Srinivasan") == Name("John", "Srinivasan", None)
    assert split_name("Queen VII") == Name("Queen", "VII", None)


@pytest.mark.parametrize(
    ("name", "before", "sortable"),
    [
        ("Mary Ann Smith", None, "Smith, Mary Ann"),
        ("John Doe Jr.", None, "Doe, John Jr."),
        ("Cher", None, "Cher"),
        ("Ana Garcia Lopez", "Garcia Lopez, Maria", "Garcia Lopez, Ana"),
        ("Ana Garcia Lopez Jr.", "Garcia Lopez, Maria", "Garcia Lopez, Ana Jr."),
        ("Ana Garcia Lopez", "Lopez, Maria", "Lopez, Ana Garcia"),
        ("Ana Garcia Lopez", "Perez Gil, Maria", "Lopez, Ana Garcia"),
        ("Garcia Lopez", "Garcia Lopez, Maria", "Garcia Lopez"),
        ("Garcia Lopez Jr.", "Garcia Lopez, Maria", "Garcia Lopez, Jr."),
        ("Lopez", "Garcia Lopez, Maria", "Lopez"),
        ("Mary Smith", "", "Smith, Mary"),
        ("Doe, John", None, "Doe, John"),
        ("Doe, John, Sr.", None, "Doe, John Sr."),
        ("John Doe, Sr.", None, "Doe, John Sr."),
        ("Ho, Chi, Min", None, "Ho, Chi Min"),
        ("毛 泽东", None, "泽东, 毛"),
        ("", None, ""),
        (" , ", None, ","),
    ],
)
def test_a_name_becomes_sortable(name: str, before: str | None, sortable: str) -> None:
    assert sortable_name_of(name, before) == sortable


@pytest.mark.parametrize(
    ("sortable", "name", "first_last"),
    [
        ("Smith, Mary Ann", "Mary Ann Smith", ("Mary Ann", "Smith")),
        ("Doe, John Jr.", "John Doe Jr.", ("John", "Doe")),
        ("Doe, John, Jr.", "John Doe Jr.", ("John", "Doe")),
        ("Garcia Lopez, Jr.", "Garcia Lopez Jr.", ("", "Garcia Lopez")),
        ("Garcia Lopez, Maria", "Maria Garcia Lopez", ("Maria", "Garcia Lopez")),
        ("Cher", "Cher", ("Cher", "")),
        ("Mary Smith", "Mary Smith", ("Mary", "Smith")),
        ("", "", ("", "")),
    ],
)
@pytest.mark.spec("users-core.md#1")
def test_a_sortable_name_reads_back(sortable: str, name: str, first_last: tuple[str, str]) -> None:
    assert name_of_sortable(sortable) == name
    assert first_and_last(sortable) == first_last


@given(SIMPLE_NAME, st.sampled_from(["", " Jr.", " III"]))
def test_a_simple_name_survives_the_way_to_sortable_and_back(name: str, suffix: str) -> None:
    assert name_of_sortable(sortable_name_of(name + suffix)) == name + suffix


@given(SIMPLE_NAME, SIMPLE_NAME, st.sampled_from(["", "Jr.", "esq", "III"]), st.sampled_from([",", ", ", " , "]))
def test_a_name_that_is_surname_first_already_stays_so(surname: str, given: str, suffix: str, comma: str) -> None:
    expected = f"{surname}, {given} {suffix}".rstrip()
    assert sortable_name_of(comma.join(filter(None, (surname, given, suffix)))) == expected
    assert sortable_name_of(f"{surname}{comma}{given} {suffix}") == expected


@given(SIMPLE_NAME, SIMPLE_NAME, st.lists(WORD, min_size=1, max_size=4), st.sampled_from(["", "Jr.", "VI"]))
def test_a_surname_of_several_words_outlives_a_new_given_name(
    given: str, before: str, surname: list[str], suffix: str
) -> None:
    whole = " ".join(surname)
    names = Names(f"{before} {whole}", "", f"{whole}, {before}")
    changed = names_after_change(names, name=f"{given} {whole} {suffix}".rstrip())
    assert changed.sortable_name == f"{whole}, {given} {suffix}".rstrip()
    assert first_and_last(changed.sortable_name) == (given, whole)


@given(SIMPLE_NAME, SIMPLE_NAME, SIMPLE_NAME)
def test_a_third_part_that_is_no_suffix_is_a_given_name(surname: str, given: str, more: str) -> None:
    assert sortable_name_of(f"{surname}, {given}, {more}") == f"{surname}, {given} {more}"


@given(st.text(max_size=400), st.none() | st.text(max_size=400))
def test_anything_has_a_sortable_name_within_bounds(name: str, before: str | None) -> None:
    sortable = sortable_name_of(name, before)
    assert len(sortable) <= min(NAME_LIMIT, len(name) + 1)
    assert bool(sortable) == bool(name.strip())
    name_of_sortable(name)
    first_and_last(name)


def test_the_comma_does_not_make_a_name_of_full_length_too_long() -> None:
    names = names_on_create("a" * 127 + " " + "b" * 127)
    assert names.too_long() == ()
    assert len(names.sortable_name) == NAME_LIMIT


@pytest.mark.parametrize(
    ("names", "attributes"),
    [
        (Names("a" * 255, "a" * 255, "a" * 255), ()),
        (Names("é" * 255, "b", "c"), ()),
        (Names("a" * 256, "a", "a"), ("name",)),
        (Names("a", "a" * 256, "a" * 256), ("short_name", "sortable_name")),
    ],
)
def test_each_name_has_at_most_255_characters(names: Names, attributes: tuple[str, ...]) -> None:
    assert names.too_long() == attributes


# --- on every save -----------------------------------------------------------------------------------------------


def test_a_name_brings_the_others_along() -> None:
    assert names_on_create("Mary Ann Smith") == Names("Mary Ann Smith", "Mary Ann Smith", "Smith, Mary Ann")


def test_given_names_are_kept() -> None:
    assert names_on_create("Mary Smith", "Mo", "Smith, Moo") == Names("Mary Smith", "Mo", "Smith, Moo")


@pytest.mark.parametrize("nothing", [UNSET, None, "", "  "])
def test_empty_short_and_sortable_names_are_derived(nothing: Given) -> None:
    assert names_on_create("Mary Smith", nothing, nothing) == Names("Mary Smith", "Mary Smith", "Smith, Mary")


@pytest.mark.parametrize(
    ("name", "login_id", "email", "saved"),
    [
        (UNSET, "msmith", "m@example.com", "msmith"),
        (None, "msmith", "m@example.com", "msmith"),
        (UNSET, None, "m@example.com", "m@example.com"),
        (UNSET, None, None, "User"),
        (UNSET, "User", "m@example.com", "m@example.com"),
        ("User", "msmith", "m@example.com", "m@example.com"),
        ("User", "msmith", None, "User"),
        ("user", "msmith", "m@example.com", "user"),
        ("", "msmith", "m@example.com", ""),
    ],
)
def test_a_new_person_without_a_name(name: Given, login_id: str | None, email: str | None, saved: str) -> None:
    names = names_on_create(name, login_id=login_id, email=email)
    assert names == Names(saved, saved, saved)


def test_a_new_name_leaves_the_short_name_and_keeps_the_whole_surname() -> None:
    changed = names_after_change(MARIA, name="Ana Garcia Lopez")
    assert changed == Names("Ana Garcia Lopez", "Mari", "Garcia Lopez, Ana")


def test_a_sortable_name_of_ones_own_choice_outlives_a_new_name() -> None:
    custom = Names("Maria Garcia Lopez", "Mari", "Lopez the Great")
    assert names_after_change(custom, name="Ana Garcia Lopez").sortable_name == "Lopez the Great"


def test_a_sortable_name_that_comes_along_is_taken_even_if_it_is_the_old_one() -> None:
    assert names_after_change(MARIA, name="Ana Gil", sortable_name="Gil y Gil, Ana").sortable_name == "Gil y Gil, Ana"
    kept = names_after_change(MARIA, name="Ana Gil", sortable_name=MARIA.sortable_name)
    assert kept.sortable_name == MARIA.sortable_name


def test_the_same_name_again_changes_nothing() -> None:
    custom = Names("Maria Garcia Lopez", "Mari", "Lopez, Maria Garcia")
    assert names_after_change(custom, name="Maria Garcia Lopez") == custom


def test_spaces_in_the_old_name_do_not_make_its_sortable_name_a_custom_one() -> None:
    spaced = names_on_create("Maria   Lopez")
    assert names_after_change(spaced, name="Ana Lopez").sortable_name == "Lopez, Ana"


@pytest.mark.parametrize("nothing", ["", None, "  "])
def test_an_emptied_short_name_becomes_the_name(nothing: str | None) -> None:
    assert names_after_change(MARIA, short_name=nothing).short_name == "Maria Garcia Lopez"
    assert names_after_change(MARIA, name="Ana Gil", short_name=nothing).short_name == "Ana Gil"


@pytest.mark.parametrize("nothing", ["", None, "  "])
def test_an_emptied_sortable_name_is_derived_again(nothing: str | None) -> None:
    custom = Names("Mary Ann Smith", "Mary", "Zorro")
    assert names_after_change(custom, sortable_name=nothing).sortable_name == "Smith, Mary Ann"
    assert names_after_change(custom, name="Ann Lee", sortable_name=nothing).sortable_name == "Lee, Ann"


@pytest.mark.parametrize("nameless", ["User", None])
def test_a_name_taken_away_becomes_the_email(nameless: str | None) -> None:
    assert names_after_change(MARIA, name=nameless, email="m@example.com").name == "m@example.com"
    assert names_after_change(MARIA, name=nameless).name == "User"


@given(ANY_NAMES, st.none() | st.text())
def test_changing_nothing_changes_nothing(names: Names, email: str | None) -> None:
    assert names_after_change(names, email=email) == names


@given(ANY_NAMES, st.text().filter(lambda name: name != "User"))
def test_a_change_of_the_name_arrives_and_spares_the_short_name(names: Names, name: str) -> None:
    changed = names_after_change(names, name=name)
    assert (changed.name, changed.short_name) == (name, names.short_name)


# --- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.spec("users-core.md#2")
@pytest.mark.parametrize(
    "in_order",
    [
        ["Abbot, Al", "Åberg, Bo", "Adams, Cy"],
        ["doe, Zed", "Doer, Amy"],
        ["O'Brien, A", "OBrien, B", "o’brien, C", "Obrist, A"],
        ["Smith, Al", "Smith-Jones, Al", "Smith, Zoe", "Smithers, Bo"],
        ["Østberg", "Ozols"],
        ["Łukasz", "Lund"],
        ["Strand", "Straße", "Strauss"],
        ["İnan", "Ionescu"],
        ["Æsir", "Afzal"],
        ["김", "박"],
        ["Иванов", "Петров"],
    ],
)
def test_names_sort_as_people_expect(in_order: list[str]) -> None:
    keys = [sort_key(name).encode() for name in in_order]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Doe, John", "doe john"),
        ("  DÓE\t\u200bJohn ", "doe john"),
        ("Smith-Jones", "smith jones"),
        ("Ǿ", "o"),
        ("ﬁ ℡", "fi tel"),
        ("की", "की"),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_sort_key_has_no_case_accent_or_punctuation(text: str, key: str) -> None:
    assert sort_key(text) == key


@given(st.text())
def test_a_sort_key_is_bounded_and_stays_itself(text: str) -> None:
    key = sort_key(text)
    assert len(key) <= SORT_KEY_LIMIT
    assert key == " ".join(key.split())
    assert sort_key(text.upper().lower()) == sort_key(text.upper())


def test_a_name_of_characters_that_unfold_still_has_a_key_that_fits_an_index() -> None:
    assert len(sort_key("\ufdfa" * NAME_LIMIT)) <= SORT_KEY_LIMIT


def test_a_search_key_only_folds_case() -> None:
    assert search_key("ÅSA Straße, O'Brien") == "åsa strasse, o'brien"
    assert search_key("ΣΊΣΥΦΟΣ") == search_key("σίσυφος")
