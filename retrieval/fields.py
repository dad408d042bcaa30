"""Typed values out of other people's rows; every error names the key and what stood there."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from pydantic import JsonValue

from agent.errors import DataError
from retrieval.proposals import normalise

DEPTH = 64  # of lists and objects in each other
MILLISECONDS = 100_000_000_000  # a larger unix time counts milliseconds
_LOOSE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")  # year first: can't be misread


class Fields:
    """Reads typed values of one row; every reader raises DataError that names the key and what stood there."""

    def __init__(self, row: Mapping[str, object]) -> None:
        self.row = row

    def first(self, *names: str) -> tuple[str, object]:
        """The first of these keys that holds something."""
        for name in names:
            if self.row.get(name) is not None:
                return name, self.row[name]
        return names[0], None

    def text(self, *names: str) -> str | None:
        """Text (a number is read as text), trimmed; None if absent or empty."""
        name, value = self.first(*names)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            raise wrong(name, "text", value)
        return clean(value).strip() or None

    def required(self, *names: str) -> str:
        """Text that must be there."""
        value = self.text(*names)
        if value is None:
            raise DataError(f'"{names[0]}" is missing')
        return value

    def number(self, name: str) -> float | None:
        """A finite number."""
        value = self.row.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(name, "a number", value)
        return finite(name, value)

    def count(self, name: str) -> int | None:
        """A whole number."""
        value = self.number(name)
        if value is not None and not value.is_integer():
            raise wrong(name, "a whole number", value)
        return None if value is None else int(value)

    def time(self, *names: str) -> datetime | None:
        """An ISO date or time, or unix seconds (or milliseconds)."""
        name, value = self.first(*names)
        return None if value is None or value == "" else instant(name, value)

    def items(self, name: str) -> list[object]:
        """A list; empty if absent."""
        value = self.row.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise wrong(name, "a list", value)
        return value

    def mapping(self, name: str) -> dict[str, object]:
        """An object; empty if absent."""
        value = self.row.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise wrong(name, "an object", value)
        return {str(key): each for key, each in value.items()}


def wrong(name: str, kind: str, value: object) -> DataError:
    """The error for a value of the wrong kind, e.g. `"created" is not a date ('soon')`."""
    shown = repr(value)
    return DataError(f'"{name}" is not {kind} ({shown if len(shown) <= 60 else shown[:57] + "..."})')


def finite(name: str, value: float) -> float:
    """The value as a float. Raises DataError for infinity, NaN and what a float can't hold."""
    try:
        number = float(value)
    except OverflowError as error:
        raise DataError(f'"{name}" is too large a number') from error
    if not math.isfinite(number):
        raise wrong(name, "a finite number", value)
    return number


def instant(name: str, value: object) -> datetime:
    """An instant in UTC. Raises DataError."""
    try:
        if isinstance(value, datetime):
            return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        if isinstance(value, str):
            if loose := _LOOSE.fullmatch(value.strip()):
                value = f"{loose[1]}-{loose[2]:0>2}-{loose[3]:0>2}"
            read = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > MILLISECONDS else value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise wrong(name, "a date", value) from error
    raise wrong(name, "a date", value)


def clean(text: str) -> str:
    """Text that both databases can hold; line ends as in bodies."""
    return normalise(text)


def json_value(value: object, depth: int = 0) -> JsonValue:
    """What we don't know, as JSON that can be stored: dates as ISO text, numbers that are none as null. Raises DataError."""
    if depth > DEPTH:
        raise DataError("nested too deeply")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): json_value(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [json_value(each, depth + 1) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    return value.isoformat() if isinstance(value, date) else clean(str(value))
