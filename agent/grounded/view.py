"""The ledger as the grounded writer sees it: precedents with their passages, series, posts, rules, computed values."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.brief import DraftBrief
from agent.grounded.words import say
from agent.ledger import show
from agent.schemas import Evidence, Fact, Lang, Sentence, SentenceKind

_READABLE_ID = re.compile(r"[A-Za-z]{0,8}[- ]?\d{1,5}(?:[.-][A-Za-z]{0,3}\d{1,4}){0,3}|MIP\w{1,14}(?:-SP\d+)?")
_LABELS = re.compile(r"^(?:\[[^\]]{1,30}\]\s*[:-]?\s*)+")
_HIDDEN = re.compile(r"[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffd\U000e0000-\U000e007f]")


HEADS = "voters"
"""The unit of a head count: nobody's voting power was recorded."""


def tidy(text: str, limit: int = 110, *, markup: bool = False) -> str:
    """Strangers' one-line text: hidden characters, addresses, pings and (unless `markup`) markup dropped, at most `limit` characters."""
    line = _HIDDEN.sub(" ", unicodedata.normalize("NFC", text))
    if not markup:
        line = re.sub(r"[*_`#<>\[\]|]+", " ", line)
    line = " ".join(re.sub(r"https?://\S+|@(?:everyone|here)", "", " ".join(line.split())).split())
    return line if len(line) <= limit else f"{line[:limit].rsplit(' ', 1)[0].rstrip(' ,;:-–—')}…"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def fact(row: Evidence | None, name: str) -> Fact | None:
    """The fact of that name, if the row has one."""
    return next((f for f in row.facts if f.name == name), None) if row is not None else None


def number(row: Evidence | None, name: str, digits: int | None = None) -> str:
    """A fact's value as readers see it; empty if there is none."""
    found = fact(row, name)
    return "" if found is None else show(found.value, digits)


def rounded(value: float | str) -> str:
    """A vote count or a measured value at a sensible precision: whole from 100 up, else up to two decimals."""
    if isinstance(value, str):
        return value
    return show(value, 0) if abs(value) >= 100 else show(round(value, 2))


@dataclass(slots=True)
class Precedent:
    """One earlier proposal: the row that carries the record, its passages by role, its computed share of votes for."""

    record: Evidence
    rows: dict[str, Evidence] = field(default_factory=dict)
    margin: Evidence | None = None

    @property
    def status(self) -> str:
        """As recorded."""
        found = fact(self.record, "status")
        return str(found.value) if found else "unknown"

    @property
    def created(self) -> str:
        """ISO date or empty."""
        found = fact(self.record, "created")
        return str(found.value) if found else ""

    def name(self, lang: Lang, *, dated: bool = False) -> str:
        """ "HIP-31 “Creator fund”", with the date behind it where asked."""
        title, ident = tidy(_LABELS.sub("", self.record.title or "") or self.record.title or ""), self.record.locator.id or ""
        key = "named" if _READABLE_ID.fullmatch(ident) and _plain(ident) not in _plain(title) else "titled"
        name = say(lang, key, id=ident, title=title) if key == "named" else say(lang, key, title=title)
        return say(lang, "dated", name=name, date=self.created) if dated and self.created else name

    def outcome(self, lang: Lang) -> str:
        """In words, without numbers: "passed"."""
        return say(lang, f"outcome-{self.status}")

    def outcome_share(self, lang: Lang) -> tuple[str, tuple[str, ...]]:
        """In words with the votes, where a tally is recorded, and the ids it rests on. A head count is told as one."""
        ours, theirs = fact(self.record, "for"), fact(self.record, "against")
        if ours is not None and theirs is not None and ours.unit == HEADS and self.status in ("passed", "failed", "unknown"):
            values = {"for": rounded(ours.value), "against": rounded(theirs.value)}
            return say(lang, f"outcome-{self.status}-heads", **values), (self.record.id,)
        share = fact(self.margin, "for_share")
        if share is None or self.margin is None or self.status not in ("passed", "failed"):
            return self.outcome(lang), (self.record.id,)
        cites, shown = (self.record.id, self.margin.id), show(share.value)
        if self.status == "passed":
            return say(lang, "outcome-passed-share", share=shown), cites
        needed = fact(self.record, "required_to_pass")
        if ours is None or float(share.value) <= 50:
            return say(lang, "outcome-failed-share", share=shown), cites
        values = {"share": shown, "unit": ours.unit or "", "for": rounded(ours.value)}
        if needed is not None and float(ours.value) < float(needed.value):
            return say(lang, "outcome-failed-threshold", required=rounded(needed.value), **values), cites
        return say(lang, "outcome-failed-majority", **values), cites


@dataclass(frozen=True, slots=True)
class View:
    """What the sections are composed from."""

    brief: DraftBrief
    precedents: tuple[Precedent, ...]

    @property
    def lang(self) -> Lang:
        """The draft's language."""
        return self.brief.request.lang

    def say(self, key: str, **values: str | int) -> str:
        """A sentence of the catalogue."""
        return say(self.lang, key, **values)

    def rows(self, *roles: str) -> list[Evidence]:
        """Evidence with one of the roles, in ledger order."""
        return [row for row in self.brief.evidence if row.role in roles]

    def row(self, role: str) -> Evidence | None:
        """The first with that role."""
        return next(iter(self.rows(role)), None)

    def with_status(self, *statuses: str) -> list[Precedent]:
        """Precedents with one of the outcomes."""
        return [p for p in self.precedents if p.status in statuses]

    def quoted(self, role: str, *, statuses: Sequence[str] = ()) -> list[tuple[Precedent, Evidence]]:
        """(precedent, passage) of a role, best first, of precedents with those outcomes (any, if none is named)."""
        chosen = [p for p in self.precedents if not statuses or p.status in statuses]
        return [(p, p.rows[role]) for p in chosen if role in p.rows]

    def change_of(self, series: Evidence) -> Evidence | None:
        """The computed change of a series."""
        return next((r for r in self.rows("change") if r.derivation and r.derivation.inputs[0].id == series.id), None)


def view(brief: DraftBrief) -> View:
    """Group the ledger: proposals by id in the order they stand, computed shares beside their records."""
    records: dict[tuple[str | None, str | None], Precedent] = {}
    for row in brief.evidence:
        if row.kind == "proposal" and fact(row, "status") is not None:
            records.setdefault((row.locator.dao, row.locator.id), Precedent(row))
    for row in brief.evidence:
        found = records.get((row.locator.dao, row.locator.id))
        if row.kind == "proposal" and found is not None and row.role and row.role != "record":
            found.rows.setdefault(row.role, row)
    by_id = {p.record.id: p for p in records.values()}
    for row in brief.evidence:
        if row.role == "margin" and row.derivation is not None and (owner := by_id.get(row.derivation.inputs[0].id)) is not None:
            owner.margin = row
    return View(brief, tuple(records.values()))


def sentence(text: str, kind: SentenceKind, cites: Iterable[str] = (), quotes: Iterable[str] = ()) -> Sentence:
    """A sentence with each id cited once."""
    return Sentence(text=text, kind=kind, cites=tuple(dict.fromkeys(cites)), quotes=tuple(quotes))
