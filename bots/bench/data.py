"""The real data a benchmark is run on, read once."""

import gzip
import json
from pathlib import Path

from agent.errors import DataError, InputError
from agent.schemas import Proposal


def rows(path: Path) -> list[dict[str, object]]:
    """A JSONL file, plain or gzip. Raises InputError if it is missing and DataError with the line number if a line is broken."""
    if not path.is_file():
        raise InputError(f"bench: no file '{path}', --data names the folder that holds it")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError as bad:
                raise DataError(f"bench: {path.name} line {number} is not JSON ({bad})") from bad
    return found


def proposals(folder: Path) -> list[Proposal]:
    """Every readable proposal of proposals.jsonl.gz."""
    from retrieval.proposals import proposal_hashes
    from retrieval.rows import read_row

    found = []
    for row in rows(folder / "proposals.jsonl.gz"):
        try:
            read = read_row(row)
        except DataError:
            continue
        if isinstance(read, Proposal):
            found.append(proposal_hashes(read))
    return found
