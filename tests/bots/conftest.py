"""An App on the sample DAO, without the dense index (its own tests cover that): quick to build, a fresh copy a test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.settings import Settings
from bots.wiring import App

SAMPLE = Path(__file__).parents[2] / "bots" / "sample"


def lexical_app(home: Path, **settings: object) -> App:
    """An App whose search has no dense vectors."""
    app = App(Settings(home=home, **settings))  # type: ignore[arg-type]
    app.__dict__["dense"] = None
    return app


def with_sample(app: App) -> App:
    """The same App with Harbor DAO in its database."""
    from retrieval.ingest import ingest_files

    names = ("proposals.jsonl", "posts.jsonl", "series.jsonl", "charts.jsonl")
    report = ingest_files(app.store, [SAMPLE / name for name in names])
    assert report.skipped == 0
    return app


@pytest.fixture(scope="session")
def harbor_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder that holds the sample DAO and its lexical cache. Copy it, don't write to it."""
    home = tmp_path_factory.mktemp("harbor")
    with with_sample(lexical_app(home)) as app:
        app.searcher.count("harbor")
    return home


@pytest.fixture
def harbor(harbor_home: Path, tmp_path: Path) -> Iterator[App]:
    """A fresh App on the sample DAO."""
    home = tmp_path / "home"
    shutil.copytree(harbor_home, home)
    with lexical_app(home) as app:
        yield app
