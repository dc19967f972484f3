"""From a raw request to one nested dict, by the rules of Rack 3 and Rails (basics.md §5).

What a name such as `user[pseudonym][unique_id]` means is Rails' business, odd corners included: clients written
against Canvas rely on them. `coerce.py` turns the dict into a typed Struct.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from urllib.parse import unquote, unquote_to_bytes

import msgspec
import multipart  # type: ignore[import-untyped]


class BadParameters(Exception):
    """The request's parameters can't be read; `message` is a sentence for whoever sent them (answered with 400)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one request: Rack's own, except for a smaller `size` (Rack: 4 MiB)."""

    depth: int = 32  # levels of a bracketed name; the name before the first bracket is one
    json_depth: int = 100  # levels of a JSON body: what Ruby's parser takes
    keys: int = 4096  # pairs in a query or form, parts of a multipart body
    size: int = 1024 * 1024  # bytes of a query, form or JSON body; of a multipart body's text parts together


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form. The name carries no folders: some browsers send the whole path."""

    filename: str
    content_type: str
    body: bytes


Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | Upload | None"
_Container = TypeVar("_Container", list[Value], dict[str, Value])

DEFAULT_LIMITS = Limits()
_FORM = "application/x-www-form-urlencoded"
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii"}
_JSON_TYPE = re.compile(r"application/(?:json(?:\+[^/]*)?|jsonrequest|[^/]*\+json)|text/x-json")
_PAIR_SEPARATOR = re.compile("& *")
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_BRACKETS = re.compile(r"[\[\]]+")
_ENCODED_FILENAME = re.compile(r";\s*filename\*\s*=\s*utf-8'[^';]*'([^\s;]+)", re.IGNORECASE)


def parse_query(text: bytes | str, limits: Limits = DEFAULT_LIMITS) -> dict[str, Value]:
    """The parameters of a query string, or of a form body, which is written alike.

    `a=1&a=2`: the last wins. `a` alone is null. `a[]` alone adds nothing to a list (Rails 5 and later: `[]`).
    Raises BadParameters for what Rails answers with 400 (a name used as text and as object, a broken `%` escape,
    bytes that are not UTF-8), for a NUL character, which PostgreSQL can't keep, and over a limit.
    """
    _require_room(len(text), limits)
    written = _decoded(text)
    if written.count("&") >= limits.keys:
        raise BadParameters(f"There are more than {limits.keys} parameters.")
    if "%" in written or "[" in written or "& " in written:
        return _nested(_pairs(written), limits)
    return _plain(written.replace("+", " "))


def parse_body(content_type: str | None, body: bytes, limits: Limits = DEFAULT_LIMITS) -> dict[str, Value]:
    """The parameters of a request's body: form, multipart or JSON. Rails reads none from any other type.

    A body without content type is a form. JSON that is not an object comes under the key `_json`, and nulls leave
    its arrays (Rails' "deep munge"). Raises BadParameters when the body is not what its type says.
    """
    if not body:
        return {}
    kind, options = multipart.parse_options_header(content_type or _FORM)
    _require_utf8(options.get("charset"))
    if kind == _FORM:
        return parse_query(body, limits)
    if kind == "multipart/form-data":
        return _nested(_parts(body, options.get("boundary", ""), limits), limits)
    if _JSON_TYPE.fullmatch(kind):
        return _json(body, limits)
    return {}


def is_json(content_type: str | None) -> bool:
    """Whether a body of this type is read as JSON."""
    return content_type is not None and bool(_JSON_TYPE.fullmatch(multipart.parse_options_header(content_type)[0]))


def merge(query: dict[str, Value], body: dict[str, Value]) -> dict[str, Value]:
    """Both sources as one. Of a name in both Rails takes the query's value, whole: objects are not mixed."""
    # ActionDispatch::Http::Parameters: request_parameters.merge(query_parameters)
    return {**body, **query} if query and body else query or body


def raw_json_member(body: bytes, key: str) -> msgspec.Raw | None:
    """One member of a JSON object as written, for custom data: `1.0` and `1e2` keep their form, nulls stay.

    None when there is no such member; BadParameters when it is not JSON. Parse first: this repeats no limit.
    """
    try:
        body.decode()  # msgspec skips over the raw members' text without looking at its bytes.
        return msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get(key)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadParameters("The request body is not valid JSON.") from error


def shown(name: str) -> str:
    """A parameter's name, short enough for a message."""
    return name if len(name) <= 80 else f"{name[:77]}..."


def _require_room(size: int, limits: Limits) -> None:
    if size > limits.size:
        raise BadParameters(f"The parameters are larger than {limits.size} bytes.")


def _decoded(text: bytes | str) -> str:
    try:
        # Text may hold lone surrogates (from a decoder that smuggles bytes); encoding finds them.
        written = text.decode() if isinstance(text, bytes) else text if text.isascii() else text.encode().decode()
    except UnicodeError as error:
        raise BadParameters("The parameters are not valid UTF-8.") from error
    if "\0" in written:
        raise BadParameters("The parameters contain a NUL character.")
    return written


def _require_utf8(charset: str | None) -> None:
    if (charset or "utf-8").lower() not in _UTF8:
        raise BadParameters("The request body must be in UTF-8.")


def _plain(text: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for pair in text.split("&"):
        key, equals, value = pair.partition("=")
        if key:
            found[key] = value if equals else None
    return found


def _pairs(text: str) -> Iterator[tuple[str, Value]]:
    for pair in _PAIR_SEPARATOR.split(text):
        key, equals, value = pair.partition("=")
        yield _unescaped(key), _unescaped(value) if equals else None


def _unescaped(text: str) -> str:
    spaced = text.replace("+", " ")
    if "%" not in spaced:
        return spaced
    if _BAD_ESCAPE.search(spaced):
        raise BadParameters(f"Invalid %-encoding ({shown(text)}).")
    return _decoded(unquote_to_bytes(spaced))


def _nested(pairs: Iterable[tuple[str, Value]], limits: Limits) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in pairs:
        if name:
            _store(found, name, value, 0, limits)
    return found


def _store(params: dict[str, Value], name: str, value: Value, depth: int, limits: Limits) -> Value:
    """Put the value where the name says and return what it was put in; step by step as Rack 3 and Rails 8 do."""
    if depth >= limits.depth:
        raise BadParameters(f"A parameter is nested deeper than {limits.depth} levels.")
    key, rest = _first_key(name, depth)
    if not rest:
        if key == "[]" and depth:
            return [] if value is None else [value]
        params[key] = value
    elif rest == "[":
        params[name] = value
    elif rest == "[]":
        items = _container(params, key, list, "Array")
        if value is not None:
            items.append(value)
    elif rest.startswith("[]"):
        _store_in_list(_container(params, key, list, "Array"), _name_inside(rest), value, depth, limits)
    else:
        params[key] = _store(_container(params, key, dict, "Hash"), rest, value, depth + 1, limits)
    return params


def _first_key(name: str, depth: int) -> tuple[str, str]:
    if depth == 0:
        # A bracket that begins the whole name is a letter like any other: `[a]=1` is the key `[a]`.
        start = name.find("[", 1)
        return (name, "") if start < 0 else (name[:start], name[start:])
    if name.startswith("[]"):
        return "[]", name[2:]
    if name.startswith("[") and (end := name.find("]")) > 0:
        return name[1:end], name[end + 1 :]
    return name, ""


def _name_inside(rest: str) -> str:
    """The name that `[][b]` has within an item: `b`; of anything longer, all but the first `[]`."""
    inner = rest[3:-1]
    simple = inner and rest[2] == "[" and rest[-1] == "]" and not _BRACKETS.search(inner)
    return inner if simple else rest[2:]


def _store_in_list(items: list[Value], name: str, value: Value, depth: int, limits: Limits) -> None:
    # A name that the last object already has begins the next object.
    last = items[-1] if items else None
    if isinstance(last, dict) and not _has(last, name):
        _store(last, name, value, depth + 1, limits)
    else:
        items.append(_store({}, name, value, depth + 1, limits))


def _has(params: dict[str, Value], name: str) -> bool:
    if "[]" in name:
        return False
    here: Value = params
    for part in _BRACKETS.split(name):
        if part:
            if not isinstance(here, dict) or part not in here:
                return False
            here = here[part]
    return True


def _container(params: dict[str, Value], key: str, kind: type[_Container], ruby_name: str) -> _Container:
    found = params.get(key)
    if found is None:
        found = params[key] = kind()
    if not isinstance(found, kind):
        got = {"str": "String", "list": "Array", "dict": "Hash"}.get(type(found).__name__, "File")
        raise BadParameters(f"expected {ruby_name} (got {got}) for param `{shown(key)}'")
    return found


def _parts(body: bytes, boundary: str, limits: Limits) -> Iterator[tuple[str, Value]]:
    text_size = 0
    for segment, content in _segments(body, boundary, limits):
        name, filename = _decoded(segment.name), _filename(segment)
        if filename is None:
            text_size += len(content)
            _require_room(text_size, limits)
            _require_utf8(segment.charset)
            yield name, _decoded(content)
        elif filename:  # An empty one is a file field in which nothing was chosen: no parameter at all.
            yield name, Upload(filename, segment.content_type or "application/octet-stream", content)


def _segments(body: bytes, boundary: str, limits: Limits) -> Iterator[tuple[Any, bytes]]:
    chunks: list[bytes] = []
    try:
        with multipart.PushMultipartParser(boundary, max_segment_count=limits.keys) as parser:
            for event in parser.parse(body):
                if isinstance(event, multipart.MultipartSegment):
                    segment, chunks = event, []
                elif event is None:
                    yield segment, b"".join(chunks)
                else:
                    chunks.append(event)
    except (multipart.MultipartError, UnicodeError) as error:
        raise BadParameters(f"The multipart form can't be read: {error}.") from error


def _filename(segment: Any) -> str | None:
    encoded = _ENCODED_FILENAME.search(segment.header("Content-Disposition"))
    name: str | None = unquote(encoded.group(1)) if encoded else segment.filename
    return name and re.split(r"[/\\]", name)[-1].replace("\0", "")


def _json(body: bytes, limits: Limits) -> dict[str, Value]:
    _require_room(len(body), limits)
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadParameters("The request body is not valid JSON.") from error
    # The walk is needed for few bodies; asking the bytes costs nothing.
    if b"null" in body or b"\\u0000" in body or body.count(b"[") + body.count(b"{") > limits.json_depth:
        value = _munged(value, limits.json_depth)
    return value if isinstance(value, dict) else {"_json": value}


def _munged(value: Value, levels: int) -> Value:
    """The value without the nulls in its arrays, as Rails hands it on; refuses what is too deep or holds a NUL."""
    if isinstance(value, str):
        return _decoded(value)
    if not isinstance(value, list | dict):
        return value
    if not levels:
        raise BadParameters("The JSON body is nested too deeply.")
    if isinstance(value, list):
        return [_munged(item, levels - 1) for item in value if item is not None]
    return {str(_munged(key, levels)): _munged(item, levels - 1) for key, item in value.items()}
