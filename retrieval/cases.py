"""Citation queries as cases: what they may find, what the ranker sees of it, and training from them."""

import gzip
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from agent.errors import DataError
from agent.schemas import Proposal, utc
from retrieval import glossary
from retrieval.asked import Asked
from retrieval.citations import series
from retrieval.corpus import Corpus, Mask
from retrieval.features import Computed, compute, once
from retrieval.lexical import Field, Floats
from retrieval.passages import passages
from retrieval.ranker import SEEDS, Group, Kind, Ranker, fit, split
from retrieval.rows import read_row
from retrieval.store import Head
from retrieval.tokens import clean, has_chinese
from retrieval.units import units

if TYPE_CHECKING:
    from lightgbm import Booster

    from retrieval.embed import Embedder

FOLDS = 5
KEEP_WORD = 0.7
"""Share of a passage's words that a training topic keeps."""
SHORTEST = 8
DEPTH = 50
"""Places of an order that are kept."""
Candidates = Literal["instant", "numbered"]
"""instant: created at or before the query's date. numbered: in the query's own series the lower numbers, as the data count earlier."""
QUESTIONS = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Reference:
    """A query and what it should find. `near` are the easy ones: their titles are close to the query's."""

    dao: str
    id: str
    text: str
    relevant: frozenset[str]
    near: frozenset[str] = frozenset()
    created: datetime | None = None

    @property
    def title(self) -> "Reference":
        """The same with the title alone as its text."""
        return Reference(self.dao, self.id, self.text.split("\n")[0], self.relevant, self.near, self.created)


def lines(path: Path) -> Iterator[Mapping[str, object]]:
    """Rows of a JSONL file, plain or gzip. Raises DataError naming file and line."""
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8", newline="\n")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8", newline="\n") as file
        ):
            for number, line in enumerate(file, 1):
                if line.strip():
                    try:
                        yield json.loads(line)
                    except json.JSONDecodeError as error:
                        raise DataError(f"bench: {path.name} line {number} is not JSON ({error.msg})") from error
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"bench: cannot read '{path}' ({error})") from error


def references(path: Path) -> list[Reference]:
    """The citation queries."""
    return [
        Reference(
            dao=str(row["dao"]),
            id=str(row["query_id"]),
            text=str(row["query_text_masked"]),
            relevant=_names(row["relevant_ids"]),
            near=_names(row.get("near_title_ids") or []),
            created=_instant(row.get("query_created")),
        )
        for row in lines(path)
    ]


def questions(lang: str) -> list[Reference]:
    """The fifty questions we wrote in that language."""
    rows = lines(QUESTIONS / f"questions_{lang}.jsonl")
    return [Reference(str(row["dao"]), str(row["query_id"]), str(row["query"]), _names(row["relevant_ids"])) for row in rows]


def _names(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _instant(value: object) -> datetime | None:
    moment = utc(value) if value else None
    return moment if isinstance(moment, datetime) else None


def corpora(path: Path, daos: set[str]) -> dict[str, Corpus]:
    """A corpus for each wanted DAO, straight from the file."""
    rows: dict[str, list[Proposal]] = {dao: [] for dao in sorted(daos)}
    for row in lines(path):
        if row.get("dao") in rows:
            proposal = read_row(row)
            if isinstance(proposal, Proposal):
                rows[proposal.dao].append(proposal)
    return {dao: Corpus.build(dao, [_head(i, one) for i, one in enumerate(found)], found) for dao, found in rows.items()}


def _head(row: int, p: Proposal) -> Head:
    return Head(row, p.dao, p.id, p.title, p.status, p.type, p.lang, p.created, p.author, p.url, p.sha256, p.body_sha256)


def candidates(corpus: Corpus, reference: Reference, rule: Candidates) -> Mask:
    """What a query may find. A query without a date may find the lower numbers of its series and every other series."""
    if rule == "instant" and reference.created is not None:
        return corpus.exists(reference.created, [reference.id])
    own = series(reference.id)
    mask = corpus.exists(reference.created, [reference.id])
    for i, head in enumerate(corpus.heads):
        place = series(head.id)
        if own and place and own[0] == place[0]:
            mask[i] = place[1] < own[1]
        elif head.created is None:
            mask[i] = True
    return mask


# --- rankings --------------------------------------------------------------------------------


@dataclass(slots=True)
class Case:
    """One query with its candidates, features and the orders that need no training."""

    reference: Reference
    asked: Asked
    names: list[str]
    ids: list[str]
    """The candidates, best first by the plain sum."""
    table: npt.NDArray[np.float32]
    cited: npt.NDArray[np.bool_]
    orders: dict[str, list[str]]

    @property
    def group(self) -> Group:
        """For training."""
        return Group(self.table, self.cited)


def case(corpus: Corpus, plain: Field, reference: Reference, rule: Candidates, vectors: "Vectors | None" = None) -> Case:
    """Compute everything about a query but the learned order; a topic may use vectors."""
    base = candidates(corpus, reference, rule)
    asked = Asked.of(reference.text, translate=glossary.needed(reference.text, corpus))
    now = reference.created.timestamp() if reference.created else float(corpus.when[base].max(initial=0.0)) + 86_400.0
    cosine = vectors.cosines(corpus, reference.text) if vectors else None
    computed = compute(corpus, asked, base, now, cosine if asked.short else None)
    order = split(computed, base)[0]
    ids = [head.id for head in corpus.heads]
    body = computed.table[:, computed.names.index("body_raw")]
    orders = {
        "plain BM25": _order(plain.scores(once(Counter(_simple(reference.text)))), base, ids),
        "tuned BM25": _order(body, base, ids),
        "weighted sum": _order(computed.first, base, ids),
    }
    if cosine is not None:
        orders["dense alone"] = _order(cosine, base, ids)
    found = [ids[place] for place in order]
    cited = np.asarray([name in reference.relevant for name in found], np.bool_)
    return Case(reference, asked, computed.names, found, computed.table[order], cited, orders)


def _simple(text: str) -> list[str]:
    return re.findall(r"\w\w+", text.lower())


def _order(scores: Floats, base: Mask, ids: Sequence[str]) -> list[str]:
    order = np.argsort(-np.where(base, scores, -np.inf), kind="stable")[:DEPTH]
    return [ids[place] for place in order if base[place]]


def cases(
    indexed: Mapping[str, Corpus],
    rows: Sequence[Reference],
    rule: Candidates,
    plains: Mapping[str, Field],
    vectors: "Vectors | None" = None,
) -> list[Case]:
    """One case for each query, in order."""
    return [case(indexed[row.dao], plains[row.dao], row, rule, vectors) for row in rows]


class Vectors:
    """One vector for each proposal of some DAOs: of its lead, as the dense index takes it at depth "lead"."""

    def __init__(self, embedder: "Embedder", matrices: dict[str, Floats]) -> None:
        self.embedder = embedder
        self.matrices = matrices

    @classmethod
    def of(cls, embedder: "Embedder", path: Path, indexed: Mapping[str, Corpus], say: Callable[[str], None]) -> "Vectors":
        """Embed them all: about 30 a second on one core with MiniLM."""
        texts: dict[tuple[str, str], str] = {}
        for row in lines(path):
            if row.get("dao") in indexed:
                proposal = read_row(row)
                if isinstance(proposal, Proposal):
                    texts[proposal.dao, proposal.id] = units(proposal.title, proposal.body)[0].text
        matrices = {}
        for dao, corpus in indexed.items():
            say(f"vectors of {len(corpus.heads)} proposals of {dao}")
            matrices[dao] = embedder.embed([texts[dao, head.id] for head in corpus.heads])
        return cls(embedder, matrices)

    def cosines(self, corpus: Corpus, text: str) -> Floats:
        """Cosine of a query with every proposal; a Chinese query is translated by the glossary first."""
        asked = glossary.to_english(text) or text if has_chinese(text) else text
        product: Floats = self.matrices[corpus.dao] @ self.embedder.embed([asked[:1000]])[0]
        return product


def known_items(path: Path, daos: Iterable[str], seed: int = 5) -> list[Reference]:
    """Training topics whose one answer is known: some words of a passage, of up to a hundred proposals a DAO.

    They teach the topic model that a question may mean a proposal nobody has cited.
    """
    bodies: dict[str, dict[str, str]] = {dao: {} for dao in sorted(daos)}
    for row in lines(path):
        if row.get("dao") in bodies:
            bodies[str(row["dao"])][str(row["id"])] = str(row.get("body_markdown") or row.get("body") or "")
    draw = random.Random(seed)
    found = []
    for dao, texts in bodies.items():
        names = sorted(texts)
        draw.shuffle(names)
        for name in names[: max(3, min(100, len(names) // 4))]:
            prose = [passage for passage in passages(texts[name]) if passage.prose]
            if prose:
                passage = draw.choice(prose)
                words = re.findall(r"[A-Za-z][A-Za-z-]+", clean(texts[name][passage.start : passage.end]))
                size = draw.randint(6, 16)
                start = draw.randint(0, max(0, len(words) - size))
                kept = [word for word in words[start : start + size] if draw.random() < KEEP_WORD]
                if len(words) >= SHORTEST:
                    found.append(Reference(dao, f"known:{name}", " ".join(kept).lower(), frozenset([name])))
    return found


def plain_fields(path: Path, daos: set[str]) -> dict[str, Field]:
    """Untuned BM25 (k1 1.5, b .75, no stems, no stop words) over title and body."""
    texts: dict[str, list[list[str]]] = {dao: [] for dao in daos}
    for row in lines(path):
        if row.get("dao") in texts:
            texts[str(row["dao"])].append(_simple(f"{row.get('title') or ''}\n{row.get('body_markdown') or row.get('body') or ''}"))
    return {dao: Field.build(found, k1=1.5, b=0.75) for dao, found in texts.items()}


def folds(daos: Iterable[str], count: int = FOLDS) -> dict[str, int]:
    """DAO to fold, so that the folds hold about as many queries; the same for every run."""
    sizes = Counter(daos)
    load, place = [0] * count, {}
    for dao, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        place[dao] = min(range(count), key=lambda i: (load[i], i))
        load[place[dao]] += size
    return place


def learned(ranker: Ranker, case: Case) -> list[str]:
    """The order a ranker gives."""
    everything = np.ones(len(case.ids), np.bool_)
    first = -np.arange(len(case.ids), dtype=np.float32)
    ranked = ranker.rank(Computed(case.names, case.table, first), case.asked, everything)
    return [case.ids[place] for _, place in ranked][:DEPTH]


def train(
    texts: Sequence[Case], topics: Sequence[Case], dense: Sequence[Case] = (), seeds: Sequence[int] = SEEDS, threads: int = 1
) -> Ranker:
    """The models from these cases; without dense cases there is no model that uses vectors."""
    chosen: dict[Kind, Sequence[Case]] = {"text": texts, "topic": topics, "topic_dense": dense}
    models: dict[Kind, list[Booster]] = {}
    for kind, found in chosen.items():
        groups = [case.group for case in found]
        models[kind] = [fit(groups, found[0].names, seed, threads=threads) for seed in seeds[: 2 if kind == "text" else 1]] if found else []
    return Ranker(models)


def sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
