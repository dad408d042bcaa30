"""How long `daoclerk --help` takes beside a bare Typer program: whole processes, in turns, medians."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bots.bench.machine import machine

BARE = '''import typer
app = typer.Typer(help="One command.", pretty_exceptions_enable=False, rich_markup_mode=None, add_completion=False)
@app.command()
def one(name: str) -> None:
    """Do one thing."""
@app.command()
def two(name: str) -> None:
    """Do another."""
app()
'''


def run(n: int) -> dict[str, object]:
    """Medians in seconds and the median of the ratios, pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        commands = {"daoclerk": [sys.executable, "-m", "bots.cli", "--help"], "typer": [sys.executable, str(bare), "--help"]}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(n + 1):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
                if turn:
                    times[name].append(time.perf_counter() - began)
    ratios = [ours / theirs for ours, theirs in zip(times["daoclerk"], times["typer"], strict=True)]
    return {
        "machine": machine(),
        "runs": n,
        "daoclerk_s": round(statistics.median(times["daoclerk"]), 3),
        "typer_s": round(statistics.median(times["typer"]), 3),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
    }


def table(report: dict[str, object]) -> str:
    """The figures in words."""
    return (
        f"daoclerk --help {report['daoclerk_s']} s, bare Typer {report['typer_s']} s, ratio {report['ratio']} "
        f"({report['ratio_range']}), medians of {report['runs']} pairs; {report['machine']}"
    )
