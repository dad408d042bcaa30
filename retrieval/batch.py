"""Many searches at once: JSON lines in, JSON lines out; a bad line is reported and skipped."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from agent.schemas import Hit, Query
from retrieval.search import Searcher

KNOWN = frozenset({"query_id", "query", "dao", "before", "exclude_ids"})


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of one line."""

    line: int
    query_id: str
    hits: list[Hit]

    def json(self) -> str:
        """One line: {query_id, hits: [{id, dao, score, quote, start, end, url}]}."""
        fields = {"id", "dao", "score", "quote", "start", "end", "url"}
        return json.dumps({"query_id": self.query_id, "hits": [hit.model_dump(include=fields) for hit in self.hits]}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was skipped, and why, in one sentence."""

    line: int
    problem: str


def batch(searcher: Searcher, lines: Iterable[str], k: int) -> Iterator[Answer | BadLine]:
    """One result for each line that is not empty, in order. Raises StoreError if the store cannot be read."""
    daos = searcher.store.daos()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        read = _read(line, k, daos)
        if isinstance(read, str):
            yield BadLine(number, f"line {number}: {read}")
        else:
            name, query = read
            yield Answer(number, name, searcher.find(query))


def _read(line: str, k: int, daos: Iterable[str]) -> tuple[str, Query] | str:
    """The id and the query, or what is wrong with the line."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        return f"not JSON ({error.msg.lower()} at column {error.colno})"
    if not isinstance(row, dict):
        return "not a JSON object"
    name, text, dao = row.get("query_id"), row.get("query"), row.get("dao")
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        return "query_id is missing"
    if not isinstance(text, str) or not text.strip():
        return "query is missing or empty"
    if dao is not None and dao not in daos:
        return f"no proposals of the DAO {json.dumps(dao, ensure_ascii=False)} are stored"
    excluded = row.get("exclude_ids") or []
    if not isinstance(excluded, list) or not all(isinstance(one, str) for one in excluded):
        return "exclude_ids is no list of ids"
    try:
        query = Query.model_validate({"text": text, "dao": dao, "before": row.get("before") or None, "exclude": excluded, "k": k})
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg'].lower()}"
    return str(name), query
