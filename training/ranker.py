"""Train the retrieval ranker on every citation query and write the models and their card.

    python -m training.ranker --data DIR [--out retrieval/data] [--report report.json]

Three kinds of model are trained: on full texts; on topics (titles alone, and words of a passage whose proposal is wanted);
and on topics with the cosine of a vector beside them. Nothing is held out here; what the ranker
is worth on DAOs it has not seen is what `daoclerk bench retrieval` measures, cross-validated by DAO.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import DaoclerkError
from retrieval import cases
from retrieval.embed import MiniLM
from retrieval.ranker import DATA, PARAMETERS, ROUNDS, SEEDS


def main(argv: Sequence[str] | None = None) -> int:
    """Exit 0, or 1 with one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m training.ranker", description="Train the retrieval ranker.")
    parser.add_argument("--data", type=Path, required=True, help="folder with proposals.jsonl.gz and references.jsonl.gz")
    parser.add_argument("--out", type=Path, default=DATA, help="folder the models and the card go to")
    parser.add_argument("--report", type=Path, help="JSON of `daoclerk bench retrieval` to copy into the card")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(argv)
    try:
        train(given.data, given.out, given.report, given.threads)
    except (DaoclerkError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def train(data: Path, out: Path, report: Path | None = None, threads: int = 1) -> Path:
    """Write `ranker-{kind}-{n}.txt` and the card `ranker.json`; returns the card's path. Raises DataError, InputError."""
    path = data / "proposals.jsonl.gz"
    asked = cases.references(data / "references.jsonl.gz")
    daos = {row.dao for row in asked}
    indexed, plains = cases.corpora(path, daos), cases.plain_fields(path, daos)
    with tempfile.TemporaryDirectory() as folder:
        vectors = cases.Vectors.of(MiniLM(Path(folder), threads=threads), path, indexed, _say)
        topics = [row.title for row in asked] + cases.known_items(path, daos)
        groups = {
            "text": cases.cases(indexed, asked, "instant", plains),
            "topic": cases.cases(indexed, topics, "instant", plains),
            "topic_dense": cases.cases(indexed, topics, "instant", plains, vectors),
        }
    ranker = cases.train(groups["text"], groups["topic"], groups["topic_dense"], SEEDS, threads)
    out.mkdir(parents=True, exist_ok=True)
    names: dict[str, list[str]] = {}
    for kind, models in ranker.models.items():
        names[kind] = [f"ranker-{kind}-{number}.txt" for number in range(1, len(models) + 1)]
        for name, model in zip(names[kind], models, strict=True):
            (out / name).write_text(model.model_to_string(), "utf-8")
    card = {
        "trained": datetime.now(UTC).date().isoformat(),
        "queries": {kind: len(found) for kind, found in groups.items()},
        "daos": len(daos),
        "proposals_sha256": cases.sha256(path),
        "references_sha256": cases.sha256(data / "references.jsonl.gz"),
        "parameters": PARAMETERS | {"rounds": ROUNDS, "seeds": list(SEEDS)},
        "features": {kind: found[0].names for kind, found in groups.items()},
        "files": names,
        "cross_validated": json.loads(report.read_text("utf-8")) if report else None,
        "note": "The cross-validated figures come from models that had not seen the query's DAO; these models saw all of them.",
    }
    target = out / "ranker.json"
    target.write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return target


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
