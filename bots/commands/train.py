"""`daoclerk train`: training is another layer, reached through its entry points and not by import."""

from importlib.metadata import entry_points
from pathlib import Path

import typer

from agent.errors import InputError

GROUP = "daoclerk.train"


def ranker(data: Path, out: Path | None) -> None:
    """The search ranker."""
    _run("ranker", ["--data", str(data), *(["--out", str(out)] if out else [])])


def _run(name: str, arguments: list[str]) -> None:
    found = list(entry_points(group=GROUP, name=name))
    if not found:
        raise InputError(f"train: nothing installed trains '{name}', install daoclerk itself (`make demo` does)")
    code = found[0].load()(arguments)
    if code:
        raise typer.Exit(int(code))
