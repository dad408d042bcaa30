"""Answer one question of the plan with evidence. Strangers' text is read here and nothing is written."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest

from langgraph.runtime import Runtime

from agent import precedents
from agent.errors import SourceError, WriterError
from agent.grounded.asks import ask_of
from agent.grounded.words import say
from agent.passages import Concepts, fold, relevance
from agent.records import from_chart, from_picture, from_post, from_request, from_series, request_text
from agent.schemas import Evidence, Hit, Lang, LookedFor, Post, ProposalId, Query, Request, Series
from agent.state import Deps, Event, Gathered, GatherTask, Question, State
from agent.text import sentences


async def gather(state: GatherTask, runtime: Runtime[Deps]) -> State:
    """Run one look-up; its failure is the caller's to report, nothing is guessed."""
    deps, request, question = runtime.context, state["request"], state["question"]
    deps.progress(Event("gather", "start", question.source))
    at = datetime.now(UTC).replace(microsecond=0)
    found, looked = await _LOOKUPS[question.source](deps, request, question, at)
    deps.progress(Event("gather", "done", f"{question.source}: {looked.found if looked else len(found)}"))
    return {"gathered": [Gathered(order=question.order, evidence=tuple(found), looked=looked)]}


Answer = tuple[list[Evidence], LookedFor | None]


async def _request(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    return [from_request(request, at)], None


async def _picture(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    picture = request.picture
    if picture is None:
        return [], None
    known = await deps.records.chart(picture.sha256)
    if known is not None:
        return [from_chart(known, picture, at)], None
    try:
        facts = tuple(await deps.chart_reader.read(picture))
    except (SourceError, WriterError) as failed:
        deps.progress(Event("gather", "note", f"the picture was not read: {failed}"))
        facts = ()
    sure = [fact.confidence for fact in facts if fact.confidence is not None]
    return [from_picture(picture, facts, min(sure, default=None), request.dao, at)], None


async def _precedents(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    query = Query(text=question.text, dao=request.dao, before=request.before, exclude=request.exclude, k=question.k)
    return await _search(deps, query, question, at, limit=8, lang=request.lang)


async def _failed(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    query = Query(
        text=question.text, dao=request.dao, before=request.before, exclude=request.exclude, status=("failed", "withdrawn"), k=question.k
    )
    return await _search(deps, query, question, at, limit=3, lang=request.lang)


async def _search(deps: Deps, query: Query, question: Question, at: datetime, *, limit: int, lang: Lang) -> Answer:
    asked = ask_of(request_line(question.text))
    about = deps.memory.concepts(asked)
    hits = await deps.memory.search(query)
    if asked != request_line(question.text):
        hits = interleave(hits, await deps.memory.search(query.model_copy(update={"text": asked})))
    found = []
    for hit in hits:
        proposal = await deps.memory.proposal(hit.dao, hit.id)
        if proposal is not None:
            found.append((hit, proposal))
    rows, used, nearest = precedents.evidence(found, about, at, limit=limit)
    rows += [row for proposal_id in dict.fromkeys(row.locator.id for row in rows) for row in await _said(deps, query, proposal_id, at)]
    searched = await deps.memory.proposals(query.dao, query.before) if query.dao else 0
    where = say(lang, "where-failed" if query.status else "where-proposals", dao=deps.pack.name)
    return rows, LookedFor(what=question.text, where=where, searched=searched, found=used, nearest=nearest)


async def _said(deps: Deps, query: Query, proposal_id: str | None, at: datetime) -> list[Evidence]:
    """The most liked words about a precedent: what decided it, as members saw it."""
    if query.dao is None or proposal_id is None:
        return []
    posts = await deps.records.said_of(query.dao, ProposalId(proposal_id), query.before)
    return [row for post in posts[:1] if (row := _quotable(post, deps.memory.concepts(query.text), "said", at)) is not None]


def _quotable(post: Post, about: Concepts, role: str, at: datetime) -> Evidence | None:
    """The sentence of a post that is nearest to the topic, if one is fit to quote."""
    spans = [s for s in sentences(post.text) if 20 <= s.end - s.start <= 320 and not precedents.unquotable(post.text[s.start : s.end])]
    if not spans:
        return None
    best = max(spans, key=lambda s: (relevance(about, post.text[s.start : s.end]), -s.start))
    return from_post(post, best.start, best.end, role, at)


def request_line(text: str) -> str:
    """The first line: the topic without the caption."""
    return text.split("\n", 1)[0]


def interleave(first: Sequence[Hit], second: Sequence[Hit]) -> list[Hit]:
    """Hits of two searches in turns, each proposal once."""
    found: dict[tuple[str, str], Hit] = {}
    for pair in zip_longest(first, second):
        for hit in pair:
            if hit is not None:
                found.setdefault((hit.dao, hit.id), hit)
    return list(found.values())


async def _rules(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    return deps.pack.evidence(deps.pack.classify(request.topic).key, request.lang), None


async def _series(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    about = deps.memory.concepts(question.text)
    every = [_until(series, request) for series in await deps.records.series(request.dao)]
    usable = [series for series in every if len(series.points) > 1]
    ranked = sorted(usable, key=lambda s: (-_series_score(s, about), s.metric))
    chosen = [s for s in ranked if _series_score(s, about) > 0][: question.k]
    chosen += [s for s in ranked if s.metric.startswith("treasury") and s not in chosen][:2]
    rows = [from_series(s, max(0, len(s.points) - 10), len(s.points) - 1, at, request.lang) for s in chosen]
    return rows, LookedFor(
        what=question.text, where=say(request.lang, "where-series", dao=deps.pack.name), searched=len(every), found=len(rows)
    )


def _until(series: Series, request: Request) -> Series:
    points = tuple(p for p in series.points if request.before is None or p.time <= request.before)
    return series.model_copy(update={"points": points})


def _series_score(series: Series, about: Concepts) -> float:
    """Share of the topic that the series' name holds."""
    return relevance(about, " ".join(filter(None, (series.label, series.label_zh, series.metric.replace("_", " ").replace("-", " ")))))


async def _posts(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    about = deps.memory.concepts(question.text)
    rows = []
    posts = await deps.records.posts(request.dao, question.text, request.before, question.k)
    for post in posts:
        if relevance(about, post.text) < 0.2:
            continue
        row = _quotable(post, about, "opinion", at)
        rows += [row] if row is not None else []
    unique = {fold(row.quote): row for row in rows}
    return list(unique.values()), LookedFor(
        what=question.text, where=say(request.lang, "where-posts", dao=deps.pack.name), searched=len(posts), found=len(unique)
    )


async def _model(deps: Deps, request: Request, question: Question, at: datetime) -> Answer:
    rows = list(await deps.gatherer.gather(request)) if deps.gatherer is not None else []
    return rows, LookedFor(what=request_text(request), where=say(request.lang, "where-model"), searched=len(rows), found=len(rows))


_LOOKUPS = {
    "request": _request,
    "picture": _picture,
    "precedents": _precedents,
    "failed": _failed,
    "rules": _rules,
    "series": _series,
    "posts": _posts,
    "model": _model,
}
