"""What one value of a request means, by Rails' rules of what text means (basics.md §5)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Annotated, Any, TypeAlias, cast

import msgspec
from msgspec import Raw

from homeroom.school.ground.ids import local_id
from homeroom.wire.params.parsing import BadParameters, Upload, shown


class BadParameter(BadParameters):
    """One parameter is not what its route takes. The message is its name and the reason: "user[name] must be text"."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{shown(name)} {reason}")
        self.name = name
        self.reason = reason


class MissingParameter(BadParameter):
    """A required parameter is absent (basics.md §2.5: 400, "<param> is missing")."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "is missing")


Read: TypeAlias = Callable[[object, str], object]


@dataclass(frozen=True, slots=True)
class ReadBy:
    """Marks a type whose text is read in a way of its own: ``Annotated[int, ReadBy(...)]``."""

    read: Read


_INT64 = range(-(2**63), 2**63)
_TRUE = frozenset(("true", "t", "yes", "y", "on", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "off", "0", ""))
_INTEGER = re.compile(r"[ \t]*[+-]?[0-9]{1,40}[ \t]*")
_FLOAT = re.compile(r"[ \t]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t]*")
_LEADING_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)([0-9]+(?:_[0-9]+)*)")
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))?)?", re.ASCII
)


def read_boolean(value: object) -> bool:
    """Canvas's reading of a boolean (basics.md §5): `true t yes y on 1`, or a leading integer that is not 0."""
    if isinstance(value, bool):
        return value
    text = (text_of(value) or "").lower()
    return text in _TRUE or (text not in _FALSE and _leading_integer(text) != 0)


def read_time(text: str) -> datetime | None:
    """The moment that ISO 8601 text names (basics.md §5), in UTC; None when it can't be read.

    Without a zone it is UTC, without a time midnight. Second 60 is the next minute's first.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.group(1, 2, 3, 4, 5, 6))
    fraction, sign, hours, minutes = match.group(7, 8, 9, 10)
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    ahead = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        written = datetime(year, month, day, hour, minute, second - (second == 60), micro, UTC)
        return written + timedelta(seconds=second == 60) + (ahead if sign == "-" else -ahead)
    except (ValueError, OverflowError):  # There is no such day or hour, or no such year in UTC.
        return None


@dataclass(frozen=True, slots=True)
class Kind:
    """How values of one type are read. `read` never sees a null: `_taken` decides about that."""

    read: Read
    nullable: bool = False
    blank_is_null: bool = False


def text_of(value: object) -> str | None:
    """Ruby's `to_s` of text, a number or a boolean; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        mantissa, exponent, power = repr(value).partition("e")
        return f"{mantissa}{'' if '.' in mantissa or not exponent else '.0'}{exponent}{power}"
    return str(value) if isinstance(value, int) else None


def _leading_integer(text: str) -> int:
    match = _LEADING_INTEGER.match(text)
    # Twenty digits are past 64 bits already; reading a million of them would only take time.
    digits = match.group(2).replace("_", "").lstrip("0")[:20] if match else ""
    number = int(digits or 0)
    return -number if match and match.group(1) == "-" else number


def _text(value: object, name: str) -> str:
    if (text := text_of(value)) is None:
        raise BadParameter(name, "must be text")
    return text


def _boolean(value: object, name: str) -> bool:
    if text_of(value) is None:
        raise BadParameter(name, "must be true or false")
    return read_boolean(value)


def _integer(value: object, name: str) -> int:
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(cast("float", value))) if whole else None if isinstance(value, bool) else text_of(value)
    if text is None or not _INTEGER.fullmatch(text) or (number := int(text)) not in _INT64:
        raise BadParameter(name, "must be a whole number")
    return number


def _record_number(value: object, name: str) -> int:
    return local_id(str(_integer(value, name))) or 0


RecordNumber: TypeAlias = Annotated[int, ReadBy(_record_number)]
"""The id of a record, local or global (basics.md §4); 0, which nothing has, for a number that is no id."""


def _lenient_integer(value: object, name: str) -> int:
    # The leading digits of a float's own text would be wrong from 1.0e+16 on.
    text = str(int(value)) if isinstance(value, float) and isfinite(value) else text_of(value)
    if text is None or isinstance(value, bool):
        raise BadParameter(name, "must be a whole number")
    return max(_INT64.start, min(_leading_integer(text), _INT64.stop - 1))


LenientInt: TypeAlias = Annotated[int, ReadBy(_lenient_integer)]
"""An int for which any text will do: its leading digits count, and text without any is 0."""


def _float(value: object, name: str) -> float:
    text = None if isinstance(value, bool) else text_of(value)
    if text is None or not _FLOAT.fullmatch(text) or not isfinite(number := float(text)):
        raise BadParameter(name, "must be a number")
    return number


def _time(value: object, name: str) -> datetime:
    time = read_time(value) if isinstance(value, str) else None
    if time is None:
        raise BadParameter(name, "must be a time such as 2012-07-01T23:59:00Z")
    return time


def _date(value: object, name: str) -> date:
    """The day as written, whatever its zone: a birthday doesn't move."""
    if not isinstance(value, str) or read_time(value) is None:
        raise BadParameter(name, "must be a date such as 2012-07-01")
    return date.fromisoformat(value[:10])


def _upload(value: object, name: str) -> Upload:
    if not isinstance(value, Upload):
        raise BadParameter(name, "must be a file")
    return value


def _raw(value: object, name: str) -> Raw:
    try:
        return value if isinstance(value, Raw) else Raw(msgspec.json.encode(value))
    except (TypeError, ValueError, RecursionError) as error:  # It holds text that is not Unicode.
        raise BadParameter(name, "must be JSON") from error


SIMPLE: dict[object, Kind] = {
    str: Kind(_text),
    bool: Kind(_boolean),
    int: Kind(_integer, blank_is_null=True),
    float: Kind(_float, blank_is_null=True),
    datetime: Kind(_time, blank_is_null=True),
    date: Kind(_date, blank_is_null=True),
    Upload: Kind(_upload, blank_is_null=True),
    Raw: Kind(_raw),
    Any: Kind(lambda value, _name: value, nullable=True),
    object: Kind(lambda value, _name: value, nullable=True),
}
