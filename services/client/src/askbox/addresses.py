"""Where the API is, and how names become parts of an address. Opens no connection."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import quote

import httpx2

from askbox.errors import InvalidRequest

Scalar = str | int | float | bool

_REMEDY = "give one like http://127.0.0.1:8000 (`--url`, or ASKBOX_URL)"


def api_url(url: str) -> httpx2.URL:
    """The address of an API. Raises `InvalidRequest` if it is no http:// or https:// address."""
    try:
        parsed = httpx2.URL(url)
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise InvalidRequest("the address of the API is malformed", remedy=_REMEDY) from error
    if parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port or 0) > 65_535:
        shown = "the address of the API" if "@" in url else repr(url)
        raise InvalidRequest(f"{shown} is no http:// or https:// address", remedy=_REMEDY)
    return parsed.copy_with(query=None, fragment=None)


def without_credentials(url: httpx2.URL) -> str:
    """The address as it may be shown: no user, no password."""
    netloc = url.netloc.decode("ascii")
    return f"{url.scheme}://{netloc}{url.path}".rstrip("/")


def is_loopback(url: httpx2.URL) -> bool:
    """Whether the API is on this machine, where no proxy of the environment should come between."""
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return url.host == "localhost"


def segment(name: str, *, what: str) -> str:
    """`name` as one segment of a path, whatever it holds: `a/../b c` → `a%2F%2E%2E%2Fb%20c`.

    Dots are encoded where a part of the name is `.` or `..`, as clients and proxies resolve these.
    Raises `InvalidRequest` if the name is empty or not valid Unicode.
    """
    if not name:
        raise InvalidRequest(f"{what} must not be empty")
    encoded = quote(_unicode(name, what=what), safe="")
    if {".", ".."}.isdisjoint(name.replace("\\", "/").split("/")):
        return encoded
    return encoded.replace(".", "%2E")


def query(**values: str | int) -> list[tuple[str, str]]:
    """The parameters of a query. Raises `InvalidRequest` for one that is not valid Unicode."""
    return [(name, _unicode(str(value), what=name)) for name, value in values.items()]


def filter_parameters(filters: Mapping[str, Scalar | Sequence[Scalar]]) -> Iterator[tuple[str, str]]:
    """`filter=field:value` for each value; equal values read alike: `1.0` as `1`, `True` as `true`."""
    for field, value in filters.items():
        for scalar in [value] if isinstance(value, str | int | float) else value:
            yield "filter", _unicode(f"{field}:{_written(scalar)}", what="filter")


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _unicode(value: str, *, what: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{what} is not valid Unicode") from error
    return value
