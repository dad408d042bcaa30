"""Words: templates, rule packs and catalogues, read as text. Imports nothing of ours."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")
_ESCAPED = re.compile(r"&((?:amp;)*)lt;")


@cache
def text(path: str) -> str:
    """The file at `path` below this folder, e.g. "daos/ens.toml". Raises KeyError if there is none."""
    place: Traversable = files(__name__)
    for part in path.split("/"):
        if not _NAME.match(part):
            raise KeyError(path)
        place = place.joinpath(part)
    if not place.is_file():
        raise KeyError(path)
    return place.read_text(encoding="utf-8")


def render(name: str, /, **values: object) -> str:
    """`<name>.md` with each `$variable` filled in (`$$` is a dollar). Raises KeyError on an unknown template or variable."""
    return Template(text(f"{name}.md")).substitute(values)


def quote(strangers_text: str) -> str:
    """Make text safe inside a tag: the answer holds no `<`, so it can neither close a tag nor open one. `unquote` undoes it."""
    return _ESCAPED.sub(r"&amp;\1lt;", strangers_text).replace("<", "&lt;")


def unquote(quoted: str) -> str:
    """What `quote` was given: use it on what a model quotes back."""
    return _ESCAPED.sub(lambda found: f"&{found[1][4:]}lt;" if found[1] else "<", quoted)


@cache
def pack_names() -> tuple[str, ...]:
    """The names of the rule packs, sorted: "aave", "arbitrum", ..."""
    return tuple(
        sorted(entry.name.removesuffix(".toml") for entry in files(__name__).joinpath("daos").iterdir() if entry.name.endswith(".toml"))
    )


def pack_text(name: str) -> str:
    """A rule pack as TOML text. Raises KeyError if there is no such pack."""
    return text(f"daos/{name}.toml")


def catalogue(lang: str) -> str:
    """The Fluent messages of the grounded writer in "en" or "zh". Raises KeyError if there are none."""
    return text(f"grounded.{lang}.ftl")


def _below(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".md", ".ftl", ".toml")):
            found.append((prefix + entry.name, entry.read_bytes()))
    return sorted(found)


@cache
def sha256() -> str:
    """Hash over the names and bytes of every template, catalogue and rule pack: what a draft's provenance names."""
    total = hashlib.sha256()
    for name, data in _below(files(__name__)):
        total.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return total.hexdigest()
