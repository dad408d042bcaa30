"""The grounded writer: no weights; composes each section from the ledger. Everything it says stands in the evidence."""

import re
from typing import Literal

from agent.brief import DraftBrief, SectionBrief, SectionSpec
from agent.grounded.asks import ask_of
from agent.grounded.sections import COMPOSE, generic
from agent.grounded.view import sentence, tidy, view
from agent.grounded.words import say
from agent.schemas import Lang, Section, Sentence
from agent.text import utf16_len

BULLETS = frozenset({"precedents", "specification", "risks", "dissent", "timeline", "changes"})


class GroundedWriter:
    """Satisfies `agent.ports.Writer` without a model."""

    name = "grounded"
    model: str | None = None

    def __init__(self, lang: Lang = "en") -> None:
        self.note = say(lang, "writer-note")

    async def title(self, brief: DraftBrief) -> str:
        """The topic as a title: one line, first letter capital, cut at a word if it is longer than the DAO allows."""
        topic = ask_of(tidy(brief.request.topic, 400, markup=True)).rstrip(" .。")
        room = max(20, brief.title_max - utf16_len(brief.title_prefix))
        if utf16_len(topic) > room:
            topic = _shortened(topic, room)
        return topic[:1].upper() + topic[1:]

    async def section(self, brief: SectionBrief) -> Section:
        """Compose a section; a sentence that a check found at fault is left out, a committee's comment becomes a blank."""
        seen = view(brief.draft)
        compose = COMPOSE.get(brief.spec.key, generic)
        sentences = list(compose(seen, brief.spec)) or list(generic(seen, brief.spec))
        sentences = _fit(_without(sentences, brief), brief.spec.max_chars)
        comments = [f.message for f in brief.findings if f.rule == "committee"]
        sentences += [sentence(seen.say("committee", comment=tidy(comment, 400)), "boilerplate") for comment in comments]
        return Section(key=brief.spec.key, heading=brief.spec.heading, layout=_layout(brief.spec), sentences=tuple(sentences))


def _shortened(topic: str, room: int) -> str:
    clause = re.split(r"(?<=\w)\s*[:：;；—(（]\s*", topic)[0]
    if 12 <= utf16_len(clause) <= room:
        return clause
    cut = topic
    while utf16_len(cut) > room - 1:
        cut = cut.rsplit(" ", 1)[0] if " " in cut else cut[:-1]
    return f"{cut.rstrip(' ,;:-–—')}…"


def _without(sentences: list[Sentence], brief: SectionBrief) -> list[Sentence]:
    """Drop sentences whose text stood in the earlier version at a place a check named."""
    if brief.previous is None:
        return sentences
    places = {int(m[1]) for f in brief.findings if f.level == "error" and (m := re.search(r"\[(\d+)\]$", f.where))}
    bad = {s.text for index, s in enumerate(brief.previous.sentences) if index in places}
    return [s for s in sentences if s.text not in bad or "[[" in s.text]


def _fit(sentences: list[Sentence], limit: int) -> list[Sentence]:
    """Keep whole sentences within the section's limit: quotes go first, from the end; blanks and the opening stay."""
    kept = list(sentences)
    while utf16_len(" ".join(s.text for s in kept)) > limit * 0.85 and len(kept) > 1:
        place = next((i for i in range(len(kept) - 1, 0, -1) if "[[" not in kept[i].text), None)
        if place is None:
            break
        del kept[place]
    return kept


def _layout(spec: SectionSpec) -> Literal["paragraph", "bullets", "numbered"]:
    if spec.layout == "numbered":
        return "numbered"
    return "bullets" if spec.layout == "bullets" or spec.key in BULLETS else "paragraph"
