"""What the database holds of each piece of evidence, for `verify`: the source's text and its recorded facts."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.records import AMOUNT_ROLES, amount_fact, chart_text, from_post, from_series, proposal_facts, request_text, series_text
from agent.rules import load as load_pack
from agent.schemas import Draft, Evidence, Fact, RunId, Series

if TYPE_CHECKING:
    from agent.schemas import Proposal, Request
    from retrieval.journal import Journal
    from retrieval.records import Records
    from retrieval.store import Store


class StoredSources:
    """Satisfies `agent.verify.Sources`: answers from the database and the packaged rule packs; None where nothing is stored."""

    def __init__(self, store: "Store", records: "Records", journal: "Journal", draft: Draft) -> None:
        self._store = store
        self._records = records
        self._journal = journal
        self._draft = draft
        self._series: dict[str, list[Series]] = {}

    def text(self, evidence: Evidence) -> str | None:
        """The whole text the quote was taken from."""
        at = evidence.locator
        if evidence.kind == "proposal":
            found = self._proposal(evidence)
            return found.body if found else None
        if evidence.kind == "rule":
            return self._rule(evidence)
        if at.field == "series":
            series = self._one_series(evidence)
            return series_text(series)[: at.end] if series else None
        if at.field == "post":
            post = self._records.read_post(at.dao or "", at.id or "")
            return post.text if post else None
        if at.field == "chart":
            chart = self._records.read_chart(at.id or "")
            return chart_text(chart) if chart else None
        if at.field == "request":
            request = self._request()
            return request_text(request) if request else None
        if at.field == "reading":
            return self._kept(evidence)
        return None

    def facts(self, evidence: Evidence) -> Sequence[Fact] | None:
        """The facts the record gives now; None where the record holds none (a rule's text is checked, not its figures)."""
        at = evidence.locator
        if evidence.kind == "proposal":
            found = self._proposal(evidence)
            if found is None:
                return None
            record = proposal_facts(found) if any(f.name == "status" for f in evidence.facts) else ()
            named = (Fact(name="title", value=found.title), *([Fact(name="url", value=found.url)] if found.url else []))
            return (*named, *record, *(amount_fact(evidence.quote) if evidence.role in AMOUNT_ROLES else ()))
        if at.field == "post":
            post = self._records.read_post(at.dao or "", at.id or "")
            return from_post(post, 0, 0, "", evidence.retrieved_at).facts if post else None
        if at.field == "request":
            request = self._request()
            return (Fact(name="asked_by", value=request.asked_by),) if request else None
        if at.field == "series" and at.start is not None:
            series = self._one_series(evidence)
            if series is None:
                return None
            first = series_text(series).count("\n", 0, at.start)
            return from_series(series, first, first + evidence.quote.count("\n"), evidence.retrieved_at).facts
        if evidence.kind == "rule":
            pack = load_pack(at.dao or "")
            rule = pack.rule(at.id or "")
            return tuple(f.model_copy(update={"time": f.time or rule.date.isoformat()}) for f in rule.facts) if rule else None
        return None

    def _proposal(self, evidence: Evidence) -> "Proposal | None":
        at = evidence.locator
        return self._store.version_by_body(at.dao or "", at.id or "", evidence.sha256) or self._store.proposal(at.dao or "", at.id or "")

    def _rule(self, evidence: Evidence) -> str | None:
        rule = load_pack(evidence.locator.dao or "").rule(evidence.locator.id or "")
        return rule.words("zh" if evidence.locator.field == "text_zh" else "en") if rule else None

    def _one_series(self, evidence: Evidence) -> Series | None:
        dao = evidence.locator.dao or ""
        if dao not in self._series:
            self._series[dao] = self._records.read_series(dao)
        return next((s for s in self._series[dao] if s.metric == evidence.locator.id), None)

    def _request(self) -> "Request | None":
        runs = [run for run in asyncio.run(self._journal.runs()) if run.id == self._draft.run]
        return runs[0].request if runs else None

    def _kept(self, evidence: Evidence) -> str | None:
        """What was read from a picture is kept in the journal only: the ledger row itself is the record."""
        rows = asyncio.run(self._journal.evidence_of(RunId(self._draft.run)))
        return next((row.quote for row in rows if row.id == evidence.id and row.kind == "chart"), None)
