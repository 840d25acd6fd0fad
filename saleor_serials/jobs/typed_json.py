"""Dataclasses as JSON, and back: what a job's columns ``input`` and ``progress`` hold.

A dataclass may have fields of plain JSON values, enums, datetimes and other dataclasses, each of
them optional or in a tuple or frozenset.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints


def dump(value: Any) -> Any:
    """Write a dataclass as JSON that ``load`` reads."""
    if is_dataclass(value):
        return {each.name: dump(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [dump(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(dump(each) for each in value)
    return value


def load[T](kind: type[T], plain: Mapping[str, Any]) -> T:
    """Read a dataclass. A field that is missing gets its default; what is no field is ignored."""
    hints = _hints(cast(Any, kind))
    names = [each.name for each in fields(cast(Any, kind)) if each.name in plain]
    return kind(**{name: _read(hints[name], plain[name]) for name in names})


_hints = cache(get_type_hints)


def _read(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is UnionType:
        [hint] = [each for each in arguments if each is not NoneType]
        return _read(hint, value)
    if origin in (tuple, frozenset):
        return origin(_read(arguments[0], each) for each in value)
    if is_dataclass(hint):
        return load(cast(type[Any], hint), value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value
