"""The command line: a terminal is one more transport. Options here, work in `bots/commands`; nothing heavy is imported before a command runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(
    name="daoclerk",
    help="The governance clerk for DAOs: drafts proposals in which every factual sentence cites checked evidence. Signs and sends nothing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
ingest_app = typer.Typer(help="Bring proposals and records into the database.", no_args_is_help=True)
index_app = typer.Typer(help="The vector index: a cache of the database.", no_args_is_help=True)
bench_app = typer.Typer(help="Measure, on data you name.", no_args_is_help=True)
train_app = typer.Typer(help="Train the product's own models.", no_args_is_help=True)
app.add_typer(ingest_app, name="ingest")
app.add_typer(index_app, name="index")
app.add_typer(bench_app, name="bench")
app.add_typer(train_app, name="train")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Dao = Annotated[str, typer.Option("--dao", help="The DAO's name, as it was ingested.")]
OptionalDao = Annotated[str | None, typer.Option("--dao", help="Only this DAO.")]
Before = Annotated[str | None, typer.Option("--before", help="Only what existed at this date or time (2024-05-01, 2024-05-01T12:00Z).")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", help="Proposal id to leave out; may be repeated.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write here instead of to the terminal.")]
Data = Annotated[Path, typer.Option("--data", help="Folder with proposals.jsonl.gz and references.jsonl.gz.")]
Format = Literal["md", "json", "snapshot", "governor", "discourse"]
Lang = Literal["en", "zh"]


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", help="Folder of all state (also DAOCLERK_HOME).")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Options that every command knows."""
    context.obj = home
    if version:
        from bots.wiring import software

        typer.echo(software())
        raise typer.Exit


@app.command()
def demo(context: typer.Context, lang: Lang = "en", json: Json = False) -> None:
    """Load the bundled sample DAO and draft a proposal from a topic and a chart picture, offline."""
    from bots.commands.demo import demo

    demo(context.obj, lang, json)


@ingest_app.command("files")
def ingest_files(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="JSONL (plain or gzip), Markdown files, or folders of them.")],
    dao: Annotated[str | None, typer.Option("--dao", help="DAO of Markdown files whose front matter names none.")] = None,
    skipped: Annotated[
        Path | None, typer.Option("--skipped", help="Where to report skipped rows [default: skipped.jsonl under home].")
    ] = None,
    index: Annotated[bool, typer.Option("--index/--no-index", help="Embed what is new.")] = True,
    json: Json = False,
) -> None:
    """Read proposals (and series, posts, charts) from files. Done twice it changes nothing; cut off it goes on."""
    from bots.commands.ingest import files

    files(context.obj, paths, dao=dao, skipped=skipped, index=index, json=json)


@ingest_app.command("sample")
def ingest_sample(context: typer.Context, json: Json = False) -> None:
    """Load the bundled sample DAO, Harbor DAO."""
    from bots.commands.ingest import sample

    sample(context.obj, json=json)


@index_app.command("sync")
def index_sync(context: typer.Context, json: Json = False) -> None:
    """Embed what is new or changed."""
    from bots.commands.index import sync

    sync(context.obj, json=json)


@index_app.command("rebuild")
def index_rebuild(context: typer.Context, json: Json = False) -> None:
    """Drop the index and fill it again from the database's vectors."""
    from bots.commands.index import rebuild

    rebuild(context.obj, json=json)


@index_app.command("audit")
def index_audit(context: typer.Context, json: Json = False) -> None:
    """Compare every vector of the index with the database; exit 1 if one is missing, extra or wrong."""
    from bots.commands.index import audit

    audit(context.obj, json=json)


@app.command()
def search(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help="What to look for, in English or Chinese.")] = None,
    dao: OptionalDao = None,
    before: Before = None,
    exclude: Exclude = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="passed, failed, withdrawn, draft or unknown; may be repeated.")
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="Only this type, as recorded.")] = None,
    lang: Annotated[str | None, typer.Option("--lang", help="Only proposals in this language.")] = None,
    k: Annotated[int, typer.Option("-k", help="How many hits.", min=1, max=1000)] = 10,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="JSONL of {query_id, query, dao?, before?, exclude_ids?}; answers a line a query.")
    ] = None,
    json: Json = False,
) -> None:
    """Search past proposals."""
    from bots.commands.search import search

    search(
        context.obj,
        query,
        dao=dao,
        before=before,
        exclude=exclude or [],
        status=status or [],
        type_=type_,
        lang=lang,
        k=k,
        batch=batch,
        json=json,
    )


@app.command()
def draft(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="What the proposal is about, in English or Chinese.")],
    dao: Dao,
    before: Before = None,
    exclude: Exclude = None,
    chart: Annotated[Path | None, typer.Option("--chart", help="A picture of a chart: PNG, JPEG or WebP up to 10 MB.")] = None,
    caption: Annotated[str | None, typer.Option("--caption", help="What the picture shows, in your words.")] = None,
    lang: Annotated[Lang | None, typer.Option("--lang", help="Language of the draft [default: the topic's].")] = None,
    writer: Annotated[
        Literal["grounded", "model"] | None, typer.Option("--writer", help="grounded needs no model; model needs an endpoint.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="What to print.")] = "md",
    out: Out = None,
    run: Annotated[str | None, typer.Option("--run", help="Id of the run, to go on with it if it is cut off [default: a new one].")] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Draft a proposal, check it, store it, and print it. Exit 1 if a check still fails."""
    from bots.commands.draft import draft

    draft(
        context.obj,
        topic,
        dao=dao,
        before=before,
        exclude=exclude or [],
        chart=chart,
        caption=caption,
        lang=lang,
        writer=writer,
        format_="json" if json else format_,
        out=out,
        run=run,
    )


@app.command()
def resume(context: typer.Context, run: str, format_: Annotated[Format, typer.Option("--format")] = "md", out: Out = None) -> None:
    """Go on with a run that was cut off; finished work is not done again."""
    from bots.commands.draft import resume

    resume(context.obj, run, format_=format_, out=out)


@app.command()
def drafts(context: typer.Context, dao: OptionalDao = None, json: Json = False) -> None:
    """List stored drafts, newest first."""
    from bots.commands.drafts import drafts

    drafts(context.obj, dao=dao, json=json)


@app.command()
def review(
    context: typer.Context,
    run: str,
    by: Annotated[str, typer.Option("--by", help="Who says it.")],
    approve: Annotated[str | None, typer.Option("--approve", help="sha256 of the exact bytes you approve (12 digits or more).")] = None,
    reject: Annotated[str | None, typer.Option("--reject", help="The reason.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--change", help='SECTION=WHAT, e.g. budget="name a ceiling"; may be repeated.')
    ] = None,
    json: Json = False,
) -> None:
    """Approve, reject or send back a draft that waits. An approval names the bytes; the approved draft's files are written."""
    from bots.commands.review import review

    review(context.obj, run, by=by, approve=approve, reject=reject, change=change or [], json=json)


@app.command()
def export(
    context: typer.Context,
    draft: Annotated[str, typer.Argument(help="Run id, draft sha256 (or its start), or a draft's JSON file.")],
    format_: Annotated[Format, typer.Option("--format")] = "md",
    calls: Annotated[
        Path | None, typer.Option("--calls", help="JSON {targets, values, calldatas}: gives the Governor proposal id.")
    ] = None,
    out: Out = None,
) -> None:
    """Print or write a stored draft in one format. Nothing is sent anywhere."""
    from bots.commands.export import export

    export(context.obj, draft, format_=format_, calls=calls, out=out)


@app.command()
def lint(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Markdown of a proposal.")],
    dao: Dao,
    type_: Annotated[str | None, typer.Option("--type", help="Type of proposal [default: what the text says].")] = None,
    json: Json = False,
) -> None:
    """Hold a text against a DAO's rules: pass or fail per rule, with the rule's source and date."""
    from bots.commands.lint import lint

    lint(context.obj, file, dao=dao, type_=type_, json=json)


@app.command()
def rules(context: typer.Context, dao: Annotated[str | None, typer.Argument()] = None, json: Json = False) -> None:
    """List the rule packs, or one pack's rules with source and date."""
    from bots.commands.lint import rules

    rules(context.obj, dao, json=json)


@app.command()
def verify(
    context: typer.Context,
    draft: Annotated[str, typer.Argument(help="A draft's JSON file, or the run id or sha256 of a stored one.")],
    json: Json = False,
) -> None:
    """Check a draft against its evidence and the stored sources again; exit 1 naming each failing sentence."""
    from bots.commands.verify import verify

    verify(context.obj, draft, json=json)


@bench_app.command("retrieval")
def bench_retrieval(context: typer.Context, data: Data, json: Json = False) -> None:
    """Recall, MRR and the hard part on real citations, beside plain BM25 and dense vectors alone."""
    from bots.commands.bench import retrieval

    retrieval(context.obj, data, json=json)


@bench_app.command("drafts")
def bench_drafts(
    context: typer.Context,
    data: Data,
    n: Annotated[int, typer.Option("-n", help="How many topics.", min=1)] = 200,
    seed: int = 1,
    judge: Annotated[
        Literal["lexical", "model"], typer.Option("--judge", help="What says that a citation supports a claim; model needs an endpoint.")
    ] = "lexical",
    json: Json = False,
) -> None:
    """Draft from titles of real proposals, with that proposal and later ones hidden: citations, lint, time, memory."""
    from bots.commands.bench import drafts

    drafts(context.obj, data, n=n, seed=seed, judge=judge, json=json)


@bench_app.command("rules")
def bench_rules(context: typer.Context, data: Data, json: Json = False) -> None:
    """How often each rule fails on real passed proposals."""
    from bots.commands.bench import rules

    rules(context.obj, data, json=json)


@bench_app.command("growth")
def bench_growth(context: typer.Context, data: Data, json: Json = False) -> None:
    """Ingest rate and draft time at 1,000, 4,000 and all proposals; ingest against a bare Chroma add."""
    from bots.commands.bench import growth

    growth(context.obj, data, json=json)


@bench_app.command("startup")
def bench_startup(context: typer.Context, n: Annotated[int, typer.Option("-n", min=1)] = 7, json: Json = False) -> None:
    """`daoclerk --help` against a bare Typer program, in turns."""
    from bots.commands.bench import startup

    startup(context.obj, n=n, json=json)


@train_app.command("ranker")
def train_ranker(
    context: typer.Context,
    data: Data,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the model [default: the packaged one].")] = None,
) -> None:
    """Train the search ranker on real citations."""
    from bots.commands.train import ranker

    ranker(data, out)


def main() -> None:
    """Run, and turn every error into one sentence and an exit code: 0 done, 1 failed check or bad data, 2 wrong use."""
    from bots.dispatch import dispatch

    dispatch(app)


if __name__ == "__main__":
    main()
