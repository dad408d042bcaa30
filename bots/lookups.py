"""The look-ups a model may choose while gathering: typed, read-only, bound to the request's DAO and date."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent import precedents
from agent.records import from_post, from_series
from agent.schemas import Evidence, Query, Request
from agent.text import sentences

if TYPE_CHECKING:
    from bots.wiring import App
    from tools.gather import Tool


class SearchArgs(BaseModel):
    """Arguments of search_proposals."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=2, max_length=300)
    outcome: Literal["any", "passed", "failed"] = "any"


class WordsArgs(BaseModel):
    """Arguments of search_posts."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=2, max_length=300)


class NoArgs(BaseModel):
    """Arguments of list_series: none."""

    model_config = ConfigDict(extra="forbid")


def lookups(app: "App", request: Request) -> "dict[str, Tool]":
    """Name -> tool. DAO, date and hidden ids come from the request, never from the model."""
    from tools.gather import Tool

    async def search_proposals(args: SearchArgs) -> list[Evidence]:
        status = () if args.outcome == "any" else (args.outcome,)
        query = Query(text=args.query, dao=request.dao, before=request.before, exclude=request.exclude, status=status, k=8)
        found = []
        for hit in await app.searcher.search(query):
            proposal = await app.searcher.proposal(hit.dao, hit.id)
            if proposal is not None:
                found.append((hit, proposal))
        rows, _, _ = precedents.evidence(found, app.searcher.concepts(args.query), _now(), limit=5)
        return rows

    async def search_posts(args: WordsArgs) -> list[Evidence]:
        rows = []
        for post in await app.records.posts(request.dao, args.query, request.before, 5):
            spans = [s for s in sentences(post.text) if not precedents.unquotable(post.text[s.start : s.end])]
            if spans:
                rows.append(from_post(post, spans[0].start, spans[0].end, "opinion", _now()))
        return rows

    async def list_series(args: NoArgs) -> list[Evidence]:
        rows = []
        for series in await app.records.series(request.dao):
            points = tuple(p for p in series.points if request.before is None or p.time <= request.before)
            if len(points) > 1:
                rows.append(from_series(series.model_copy(update={"points": points}), max(0, len(points) - 10), len(points) - 1, _now()))
        return rows

    return {
        "search_proposals": Tool(SearchArgs, "Past proposals of this DAO on a matter, with outcome, tally and passages.", search_proposals),
        "search_posts": Tool(WordsArgs, "What members wrote about a matter.", search_posts),
        "list_series": Tool(NoArgs, "Measured series of this DAO: activity, fees, treasury.", list_series),
    }


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
