"""A draft as Markdown: for reading in full, or as the body of a Snapshot proposal, Governor description or forum post."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from agent import sources
from agent.errors import InputError
from agent.escape import clean, escape, escape_blanks, heading, shorten
from agent.phrases import TABLE, Phrases, counted
from agent.schemas import Draft, Level, Section, Sentence
from agent.shorten import Plan, fit
from agent.text import utf16_len

Flavour = Literal["full", "snapshot", "governor", "discourse"]
SNAPSHOT_BODY = 10_000
"""UTF-16 units a Snapshot space takes by default (dao-rules: sequencer, 2024)."""
DISCOURSE_RAW = 32_000
"""Characters a forum takes by default."""
SMALLEST = 3_000
"""No limit below this leaves room for the sources and the provenance note."""


def markdown(draft: Draft, *, flavour: Flavour = "full", limit: int | None = None) -> str:
    """The draft as Markdown: NFC, LF, no trailing spaces, one newline at the end; the same bytes for the same draft.

    `limit` caps the length: UTF-16 units for "snapshot" (default 10,000), characters otherwise ("discourse": 32,000; the
    others have none). A longer text loses, in this order: the length of source quotes, the quotes, the sources' details,
    the optional sections of `shorten.OPTIONAL`, whole sentences from the end of the longest section; what went is said.
    Raises InputError if the limit is below 3,000.
    """
    if limit is None:
        limit = {"snapshot": SNAPSHOT_BODY, "discourse": DISCOURSE_RAW}.get(flavour)
    page = _Page(draft, flavour, TABLE[draft.lang], _failed(draft))
    if limit is None:
        return page.text(Plan(draft.sections))
    if limit < SMALLEST:
        raise InputError(f"render: a limit below {SMALLEST:,} characters leaves no room for the sources '{limit}'")
    size: Callable[[str], int] = utf16_len if flavour == "snapshot" else len
    return fit(draft.sections, page.text, size, limit)


def _failed(draft: Draft) -> frozenset[str]:
    return frozenset(check.where for check in draft.checks if check.level == "error")


@dataclass(frozen=True, slots=True)
class _Page:
    """One draft in one flavour; `text` writes it as a plan says."""

    draft: Draft
    flavour: Flavour
    words: Phrases
    failed: frozenset[str]
    pieces: dict[tuple[Sentence, bool], str] = field(default_factory=dict)
    """Sentences already written: a text that must shrink is composed several times."""

    def text(self, plan: Plan) -> str:
        ids = sources.cited(plan.sections, self.draft.evidence)
        parts = [self._title(), self._header(len(ids)), self._blanks(plan)]
        parts += [part for section in plan.sections for part in self._section(section)]
        parts += self._looked_for()
        written = any(section.key == "options" and section.sentences for section in plan.sections)
        if self.flavour in ("full", "discourse") and self.draft.choices and not written:
            parts += [f"## {self.words.options}", " · ".join(escape(choice) for choice in self.draft.choices)]
        parts += self._sources(ids, plan)
        parts += self._checks()
        parts += ["---", self._left_out(plan), self._provenance(plan)]
        lines = "\n\n".join(part for part in parts if part).split("\n")
        return "\n".join(line.rstrip() for line in lines) + "\n"

    # --- the top

    def _title(self) -> str:
        title = heading(self.draft.title)
        if self.flavour == "full":
            label = self.words.draft if self.draft.answered else self.words.too_little
            return f"# {label}{self.words.colon}{title}"
        return f"# {title}" if self.flavour == "governor" else ""

    def _header(self, count: int) -> str:
        if self.flavour != "full":
            return ""
        draft, words = self.draft, self.words
        found = [*_counts(draft, words), *([counted(len(draft.blanks), words.blanks_count)] if draft.blanks else [])]
        parts = [escape(draft.type)] if draft.type else []
        parts.append(f"{words.written_by}*{_note(draft, words)}*")
        parts.append(counted(count, words.sources_count))
        parts.append(words.checks_found.format(found=words.separator.join(found) or words.no_checks))
        return " · ".join(parts)

    def _blanks(self, plan: Plan) -> str:
        blanks = self.draft.blanks
        if not blanks:
            return ""
        shown = [
            f"{_circled(n)} {escape(shorten(clean(blank.what), 200) if plan.small else blank.what)}" for n, blank in enumerate(blanks, 1)
        ]
        text = f"**{self.words.to_fill_head.format(n=len(blanks))}**"
        return f"{text} {_capped(shown, 1_000, ' ', self.words) if plan.small else ' '.join(shown)}"

    # --- the sections

    def _section(self, section: Section) -> list[str]:
        title = f"## {heading(section.heading) or heading(section.key) or '…'}"
        if not section.sentences:
            return [title, f"*{self.words.empty}*"] if self.flavour == "full" else []
        pieces = [self._sentence(sentence, f"{section.key}[{index}]") for index, sentence in enumerate(section.sentences)]
        pieces = [piece for piece in pieces if piece]
        if section.layout == "bullets":
            return [title, "\n".join(f"- {piece}" for piece in pieces)]
        if section.layout == "numbered":
            return [title, "\n".join(f"{n}. {piece}" for n, piece in enumerate(pieces, 1))]
        return [title, _joined(pieces, self.draft.lang == "zh")]

    def _sentence(self, sentence: Sentence, place: str) -> str:
        key = (sentence, place in self.failed)
        if key not in self.pieces:
            self.pieces[key] = self._piece(*key)
        return self.pieces[key]

    def _piece(self, sentence: Sentence, failed: bool) -> str:
        words = self.words
        parts = [escape_blanks(sentence.text, lambda what: words.to_fill.format(what=what))]
        if sentence.cites:
            parts.append(sources.mark(sentence.cites))
        if sentence.kind in ("inference", "opinion"):
            parts.append(f"*{words.inference if sentence.kind == 'inference' else words.opinion}*")
        if failed:
            parts.append(f"**{words.failed}**")
        return " ".join(part for part in parts if part)

    def _looked_for(self) -> list[str]:
        if not self.draft.looked_for or self.flavour != "full":
            return []
        line = self.words.looked_line
        rows = [
            "- " + line.format(what=escape(row.what), where=escape(row.where), searched=f"{row.searched:,}", found=f"{row.found:,}")
            for row in self.draft.looked_for
        ]
        return [f"## {self.words.looked_for}", "\n".join(rows)]

    # --- the end

    def _sources(self, ids: Sequence[str], plan: Plan) -> list[str]:
        rows = sources.lines(self.draft, ids, self.words, plan.detail)
        if plan.small:
            rows = _capped(rows, plan.room, "\n", self.words, bullet="- ").split("\n") if rows else []
        parts = [f"## {self.words.sources}", "\n".join(rows)] if rows else []
        uncited = [row.id for row in self.draft.evidence if row.id not in set(ids)]
        if uncited and self.flavour == "full":
            parts.append(self.words.uncited.format(ids=", ".join(escape(name) for name in uncited)))
        return parts

    def _checks(self) -> list[str]:
        if self.flavour != "full" or not self.draft.checks:
            return []
        words = self.words
        rows = [
            f"- {words.level_names[check.level]} · {escape(check.where)} · {escape(check.rule)}{words.colon}"
            f"{escape(check.message)} ({escape(check.source)})"
            for check in self.draft.checks
            if check.level != "pass"
        ]
        return [f"## {words.checks}", words.separator.join(_counts(self.draft, words)), "\n".join(rows)]

    def _left_out(self, plan: Plan) -> str:
        words, cut = self.words, plan.cut
        if cut is None:
            return ""
        parts = [words.cut_quotes] if plan.detail.quote is not None else []
        parts += [words.cut_details] if plan.detail.brief else []
        names = [escape(shorten(clean(title), 40)) for title in cut.sections[:5]]
        if len(cut.sections) > 5:
            names.append(words.more.format(n=len(cut.sections) - 5 if self.draft.lang == "en" else len(cut.sections)))
        parts += [counted(len(cut.sections), words.cut_sections, names=words.separator.join(names))] if names else []
        parts += [counted(cut.sentences, words.cut_sentences)] if cut.sentences else []
        whole = words.in_full.format(sha=_hash(self.draft.sha256)) if self.draft.sha256 else words.in_full_hashless
        return words.shortened.format(limit=f"{cut.limit:,}", parts=words.separator.join(parts)) + words.space + whole

    def _provenance(self, plan: Plan) -> str:
        words, origin = self.words, self.draft.provenance
        approved = words.not_approved
        if origin.approved_by:
            names = [escape(shorten(clean(name), 60)) for name in origin.approved_by]
            approved = words.approved.format(names=_capped(names, 300, words.separator, words))
        model = words.model_used.format(model=escape(shorten(clean(origin.model), 100))) if origin.model else words.model_none
        parts = [words.drafted_by.format(software=escape(shorten(clean(origin.software), 60)), note=_writer(self.draft))]
        parts += [model] if origin.model or words.no_model not in origin.writer_note else []
        parts.append(words.hashes.format(evidence=_hash(origin.evidence_sha256), prompts=_hash(origin.prompts_sha256)))
        if self.draft.sha256:
            parts.append(words.draft_hash.format(sha=_hash(self.draft.sha256)))
        parts += [words.created.format(date=f"{origin.created:%Y-%m-%d}"), approved]
        return words.space.join(parts)


def _writer(draft: Draft) -> str:
    """The writer's note; short, and never empty."""
    return escape(shorten(clean(draft.provenance.writer_note), 200).rstrip(".。") or draft.writer)


def _note(draft: Draft, words: Phrases) -> str:
    """The writer's note, with a word on the language model if the note has none in the draft's language."""
    note, model = _writer(draft), draft.provenance.model
    if draft.writer == "model" or model:
        label = escape(words.with_model.format(model=shorten(clean(model or "?"), 100)))
        return note if model and escape(clean(model)) in note else f"{note}{words.separator}{label}"
    return note if words.no_model in note else f"{note}{words.separator}{words.no_model}"


def _hash(text: str) -> str:
    return escape(shorten(clean(text), 64))


def _counts(draft: Draft, words: Phrases) -> list[str]:
    """What the checks found, level by level; levels with nothing are left out."""
    tally = {level: sum(check.level == level for check in draft.checks) for level in get_args(Level)}
    return [counted(tally[level], words.levels[level]) for level in get_args(Level) if tally[level]]


def _circled(n: int) -> str:
    """①, ②, ... up to fifty, as Unicode has them; then (51)."""
    if n <= 20:
        return chr(0x2460 + n - 1)
    return chr(0x3251 + n - 21) if n <= 35 else chr(0x32B1 + n - 36) if n <= 50 else f"({n})"


def _joined(pieces: Sequence[str], chinese: bool) -> str:
    """Sentences as a paragraph: parted by a space, in Chinese only where no full-width stop parts them already."""
    text = ""
    for piece in pieces:
        tight = chinese and text.endswith(tuple("。！？；」』”…")) and not piece.startswith("(")
        gap = "" if not text or tight else " "
        text += gap + piece
    return text


def _capped(items: Sequence[str], room: int, gap: str, words: Phrases, bullet: str = "") -> str:
    """As many items as fit into `room` UTF-16 units, and how many more there are."""
    shown: list[str] = []
    for item in items:
        room -= utf16_len(item) + len(gap)
        if room < 0:
            break
        shown.append(item)
    hidden = len(items) - len(shown)
    count = len(items) if "共" in words.more else hidden
    return gap.join([*shown, *([bullet + words.more.format(n=f"{count:,}")] if hidden else [])])
