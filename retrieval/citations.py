"""Who cites whom: ids, links and file names in past texts, and a graph whose edges point back in time."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt

from agent.schemas import Proposal

Ints: TypeAlias = npt.NDArray[np.int32]

MIN_SERIES = 2
"""Proposals a series of numbered ids needs before its pattern is looked for in texts."""
SCAN_CHARS = 200_000

_PART = re.compile(r"[a-z]+|\d+(?:\.\d+)*")
_SERIES = re.compile(r"^(.*?(?:[a-z]|\d[-_]))[-_ ]?(\d+(?:\.\d+)*)$", re.I)
_TITLE_ID = re.compile(r"^[^\w]*(?:\w+[:\]] ?)?[\[(]?([A-Za-z]{2,8})[-\s#]{0,2}(\d+(?:\.\d+)*)\b")
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`，。；、）】]+")
_FILE = re.compile(r"(?<![\w.-])([\w.-]*\d[\w.-]*)\.mdx?\b", re.I)
_HASH = re.compile(r"0x[0-9a-fA-F]{64}|Qm[1-9A-HJ-NP-Za-km-z]{44}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOPIC = re.compile(r"^https?://(?:www\.)?([^/]+)/t/(?:([^/?#]*[^/?#\d][^/?#]*)/)?(\d+)", re.I)
_POLL = re.compile(r"/(?:polling|poll|vote)/(Qm[1-9A-HJ-NP-Za-km-z]{6,})")
_NUMBERED = re.compile(r"[?&]proposalId=(\d{1,6})\b", re.I)
_NAMES_OTHERS = ("requires", "dependencies", "linked_proposal_id", "replaces", "supersedes", "superseded_by")
_OWN_KEYS = re.compile(r"snapshot|discourse|discussion|ipfs|proposal_link|vote_link|forum", re.I)
_SMALL = "the a an of to for and in on by with proposal poll vote temp check rfc arfc"
_FILLER = frozenset(_SMALL.split())


def series(proposal_id: str) -> tuple[str, tuple[int, ...]] | None:
    """Series and number of an id: "EP-5.2" is ("ep", (5, 2)), "MIP40c3-SP36" ("mip40c3-sp", (36,)); None for hashes."""
    if _HASH.search(proposal_id) or len(proposal_id) > 24:
        return None
    match = _SERIES.match(proposal_id)
    if not match:
        return None
    return match[1].lower().strip("-_ "), tuple(int(part) for part in match[2].split("."))


def key(text: str) -> str:
    """An id without separators, case and leading zeros: "MIP-040 c3 SP36" is "mip40c3sp36"."""
    parts = [_number(part) if part[0].isdigit() else part for part in _PART.findall(text.lower())]
    return "".join(f"-{part}" if i and part[0].isdigit() and parts[i - 1][0].isdigit() else part for i, part in enumerate(parts))


def _number(part: str) -> str:
    return ".".join(str(int(piece)) for piece in part.split(".")) if len(part) < 40 else part


def link_keys(url: str) -> list[str]:
    """What a link points to, most telling first: a hash or uuid, a forum topic, a poll, else the bare address."""
    url = unquote(url.rstrip(".,;:!?*_"))
    found = [value.lower() if value.startswith("0x") else value for value in _HASH.findall(url)]
    topic = _TOPIC.match(url)
    if topic:
        found.append(f"t:{topic[1].lower()}/{topic[3]}")
    number = _NUMBERED.search(url)
    if number:
        found.append(f"p:{number[1]}")
    poll = _POLL.search(url)
    if poll:
        found.append(f"poll:{poll[1][:8]}")
    if not found:
        bare = re.sub(r"[?#].*$", "", re.sub(r"^https?://(?:www\.)?", "", url)).rstrip("/").lower()
        if bare.count("/") >= 1:
            found.append(f"u:{bare}")
    return found


@dataclass(slots=True)
class Names:
    """By which names texts call the proposals of one DAO; values are places in the corpus."""

    ids: dict[str, list[int]]
    """Keys of ids, e.g. "mip40c3sp36"."""
    titles: dict[str, list[int]]
    """Keys of ids that only the title gives, e.g. "mdp20.2" of a Snapshot proposal; several may share one."""
    links: dict[str, list[int]]
    pattern: re.Pattern[str] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, ids: Sequence[str], titles: Sequence[str], links: dict[str, list[int]]) -> "Names":
        """Learn the id patterns from the ids and titles themselves."""
        by_id: dict[str, list[int]] = {}
        by_title: dict[str, list[int]] = {}
        for place, (name, title) in enumerate(zip(ids, titles, strict=True)):
            if series(name):
                by_id.setdefault(key(name), []).append(place)
            head = _TITLE_ID.match(title)
            if head and head[1].isupper():
                by_title.setdefault(key(head[1] + head[2]), []).append(place)
        by_title = {name: places for name, places in by_title.items() if name not in by_id and len(places) <= 6}
        return cls(by_id, by_title, links, _pattern([*by_id, *by_title]))

    def mentions(self, text: str) -> Iterator[tuple[int, int, bool]]:
        """(place, offset, whether the name is exact) for every name in the text; a title's id is not exact."""
        for match in self.pattern.finditer(text) if self.pattern else ():
            name = key(match[0])
            for place in self.ids.get(name, ()):
                yield place, match.start(), True
            for place in self.titles.get(name, ()):
                yield place, match.start(), False
        for match in _URL.finditer(text):
            for name in link_keys(match[0]):
                for place in self.links.get(name, ()):
                    yield place, match.start(), True
        for match in _HASH.finditer(text):
            for place in self.links.get(match[0], ()):
                yield place, match.start(), True
        for match in _FILE.finditer(text):
            for place in self.links.get(f"file:{match[1].lower()}", ()):
                yield place, match.start(), True


def _pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    shapes: dict[tuple[str, ...], int] = {}
    for name in names:
        parts = _PART.findall(name)
        if parts and len(parts[0]) >= 2 and parts[0].isalpha():
            shape = tuple("#" if part[0].isdigit() else part for part in parts)
            shapes[shape] = shapes.get(shape, 0) + 1
    kept = sorted((shape for shape, n in shapes.items() if n >= MIN_SERIES and "#" in shape), key=lambda shape: (-len(shape), shape))
    if not kept:
        return None
    alternatives = "|".join(_alternative(shape) for shape in kept)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{alternatives})(?![A-Za-z0-9]|\.\d)", re.I)


def _alternative(shape: tuple[str, ...]) -> str:
    out = re.escape(shape[0])
    for part in shape[1:]:
        out += r"[\s\-_#–:]{0,2}0*\d{1,6}(?:\.\d{1,4})*" if part == "#" else rf"[\s\-_–]?{re.escape(part)}"
    return out


def own_links(rows: Sequence[Proposal], order: Sequence[int]) -> dict[str, list[int]]:
    """Which proposal a link stands for: its own address, the vote or thread it records, its file.

    A forum thread belongs to the proposals whose title or id its address spells, else to the first (in time, `order`)
    that lists it as its first thread.
    """
    hosts: dict[str, int] = {}
    for row in rows:
        for link in row.links:
            topic = _TOPIC.match(link.url)
            if topic:
                hosts[topic[1].lower()] = hosts.get(topic[1].lower(), 0) + 1
    host = max(hosts, key=lambda name: hosts[name], default="")
    claims: dict[str, list[tuple[int, int]]] = {}
    for place in order:
        for rank, name in _claims(rows[place], host):
            claims.setdefault(name, []).append((rank, place))
    owned: dict[str, list[int]] = {}
    for name, made in claims.items():
        best = min(rank for rank, _ in made)
        places = [place for rank, place in made if rank == best]
        places = list(dict.fromkeys(places))
        owned[name] = places[:1] if best == 2 else places if len(places) <= 6 else []
    return owned


def _claims(row: Proposal, host: str) -> Iterator[tuple[int, str]]:
    for value in _HASH.findall(row.id):
        yield 0, value
    place = series(row.id)
    if place and len(place[1]) == 1:
        yield 1, f"p:{place[1][0]}"
    if row.url:
        yield from ((1, name) for name in link_keys(row.url))
    path = (row.source or "").rsplit("@", 1)[0].rsplit("/", 1)[-1]
    if re.search(r"\d.*\.mdx?$", path) and len(path) >= 6:
        yield 0, f"file:{path.rsplit('.', 1)[0].lower()}"
    for name, value in row.extra.items():
        if not isinstance(value, str) or not _OWN_KEYS.search(name):
            continue
        if value.startswith("http"):
            yield from ((0, found) for found in link_keys(value))
        elif value.isdigit() and host:
            yield 0, f"t:{host}/{value}"
        else:
            yield from ((0, found) for found in _HASH.findall(value))
    first = True
    words = set(re.findall(r"\w+", row.title.lower())) | {row.id.lower()}
    for link in row.links:
        topic = _TOPIC.match(link.url)
        if not topic:
            continue
        slug = [word for word in re.findall(r"\w+", (topic[2] or "").lower()) if word not in _FILLER]
        spelled = (key(row.id) in key(topic[2] or "") and series(row.id) is not None) or (
            len(slug) >= 2 and sum(word in words for word in slug) >= 0.6 * len(slug)
        )
        if spelled or first:
            yield (1 if spelled else 2), link_keys(link.url)[0]
        first = False


@dataclass(slots=True)
class Graph:
    """Citations of a corpus: edge e goes from `src[e]` to `dst[e]`, an earlier proposal, named `count[e]` times."""

    names: Names
    src: Ints
    dst: Ints
    count: Ints

    @classmethod
    def build(cls, rows: Sequence[Proposal], known: npt.NDArray[np.float64]) -> "Graph":
        """Read the names out of every text; edges forward in time are dropped."""
        links = own_links(rows, [int(place) for place in np.argsort(known, kind="stable")])
        names = Names.of([row.id for row in rows], [row.title for row in rows], links)
        places = [series(row.id) for row in rows]
        edges: list[tuple[int, int, int]] = []
        for source, row in enumerate(rows):
            text = f"{row.title}\n\n{row.body[:SCAN_CHARS]}"
            found = Counter(place for place, _, _ in names.mentions(text))
            for place in _listed(row, names):
                found[place] += 0
            for place, times in found.items():
                if place == source or not _back(rows, known, places, source, place):
                    continue
                edges.append((source, place, max(1, times)))
        table = np.asarray(edges, np.int32).reshape(-1, 3)
        return cls(names, table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What a cache file keeps."""
        names = {"ids": self.names.ids, "titles": self.names.titles, "links": self.names.links}
        return {
            "graph.names": np.frombuffer(json.dumps(names).encode(), np.uint8),
            "graph.src": self.src,
            "graph.dst": self.dst,
            "graph.count": self.count,
        }

    @classmethod
    def from_arrays(cls, kept: Mapping[str, npt.NDArray[np.generic]], size: int) -> "Graph":
        """The reverse of `arrays`. Raises KeyError or ValueError if the cache is not what it should be."""
        names = json.loads(kept["graph.names"].tobytes())
        src, dst, count = (kept[f"graph.{name}"].astype(np.int32) for name in ("src", "dst", "count"))
        if len(src) and max(int(src.max()), int(dst.max())) >= size:
            raise ValueError("citations: an edge leaves the corpus")
        read = Names(names["ids"], names["titles"], names["links"], _pattern([*names["ids"], *names["titles"]]))
        return cls(read, src, dst, count)


def _listed(row: Proposal, names: Names) -> Iterator[int]:
    for link in row.links:
        for name in link_keys(link.url):
            yield from names.links.get(name, ())
    own = series(row.id)
    for name in _NAMES_OTHERS:
        value = row.extra.get(name)
        if not isinstance(value, str):
            continue
        yield from (place for place, _, _ in names.mentions(value))
        if own:
            for number in re.findall(r"(?<![\w.-])\d+(?![\w.-])", value):
                yield from names.ids.get(key(f"{own[0]}{number}"), ())
        yield from (place for found in _HASH.findall(value) for place in names.links.get(found, ()))


def _back(
    rows: Sequence[Proposal], known: npt.NDArray[np.float64], places: Sequence[tuple[str, tuple[int, ...]] | None], source: int, target: int
) -> bool:
    """Whether the target was there when the source was written: dated so, or lower in the same series, or undated."""
    a, b = places[source], places[target]
    if a and b and a[0] == b[0]:
        return b[1] < a[1] or bool(known[target] < known[source])
    return rows[target].created is None or bool(known[target] <= known[source])


def cited(names: Names, text: str, exact: bool = False) -> list[int]:
    """Places of the proposals a text names, in the order it names them; `exact` leaves out ids that only titles give."""
    found = sorted((offset, place) for place, offset, sure in names.mentions(text) if sure or not exact)
    return list(dict.fromkeys(place for _, place in found))
