"""The writer that asks a language model. The model proposes sentences; code takes away what the ledger does not hold."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

import prompts
from agent.brief import DraftBrief, SectionBrief
from agent.errors import WriterError
from agent.schemas import Evidence, Lang, Section, Sentence
from agent.text import utf16_len
from tools.budget import estimate
from tools.llm import ChatModel
from tools.repair import Mender, Repair, Said, bounded, cut

QUOTE_SHOWN = 1200
"""Characters of one quote that the model sees at most."""
LEDGER_TOKENS = 8000
"""Tokens of all quotes together, about; where they are more, each is shown shorter."""
SENTENCES_MAX = 60
LANGUAGES: dict[Lang, str] = {"en": "English", "zh": "Simplified Chinese (简体中文)"}

Layout = Literal["paragraph", "bullets", "numbered"]


class Told(BaseModel):
    """A section as the model gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sentences: tuple[Said, ...] = Field(min_length=1, max_length=SENTENCES_MAX)


class Named(BaseModel):
    """A title as the model gives it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    title: str = Field(min_length=1, max_length=1000)


class ModelWriter:
    """Satisfies Writer. `repairs` lists everything that was taken away or marked; `chat.calls` every request made."""

    name: str = "model"

    def __init__(self, chat: ChatModel, lang: Lang = "en") -> None:
        self.chat = chat
        self.model: str | None = chat.model
        self.note = {
            "en": f"model writer: {chat.model} behind a chat endpoint; it cites only the ledger, and code removed what the ledger does not hold",
            "zh": f"模型撰写：{chat.model}（聊天接口）；只能引用证据账本，账本中没有的内容已由程序删除",
        }[lang]
        self.repairs: list[Repair] = []

    async def title(self, brief: DraftBrief) -> str:
        """A plain one-line title that, with the prefix code adds, fits `title_max` UTF-16 units. Raises WriterError, SourceError."""
        titles = dict.fromkeys(row.title for row in brief.evidence if row.kind == "proposal" and row.title)
        prompt = prompts.render(
            "title",
            dao_name=prompts.quote(brief.dao_name),
            language=LANGUAGES[brief.request.lang],
            topic=prompts.quote(brief.request.topic),
            earlier=prompts.quote("\n".join(title[:120] for title in list(titles)[:12])) or "(none)",
            type_label=prompts.quote(brief.type_label),
            max_chars=brief.title_max,
        )
        named = await self.chat.ask(prompt, Named, purpose="title")
        mender = Mender(brief.evidence, brief.request.lang, _own_words(brief))
        text = mender.links(mender.tidy(named.title, "title"), (), "title")
        text = mender.addresses(text, (), "title").strip(' "“”「」.。#')
        self.repairs += mender.repairs
        text = cut(text, brief.title_max - utf16_len(brief.title_prefix))
        if not text:
            raise WriterError(f"model: {self.model} gave no usable title, give one with the topic or use the grounded writer")
        return text

    async def section(self, brief: SectionBrief) -> Section:
        """Write one section, or write it again with what the checks found. Raises WriterError, SourceError."""
        draft, spec = brief.draft, brief.spec
        told = await self.chat.ask(_prompt(brief), _schema(draft.evidence), purpose=f"write:{spec.key}")
        mender = Mender(draft.evidence, draft.request.lang, _own_words(draft))
        mended = [mender.sentence(said, f"{spec.key}[{at}]") for at, said in enumerate(told.sentences)]
        self.repairs += mender.repairs
        sentences = bounded(_once(one for one in mended if one is not None), spec.max_chars)
        if not sentences:
            raise WriterError(
                f"model: {self.model} wrote no usable sentence for '{spec.key}', give more evidence or use the grounded writer"
            )
        layout = spec.layout if spec.layout in {"paragraph", "bullets", "numbered"} else "paragraph"
        return Section(key=spec.key, heading=spec.heading, layout=cast(Layout, layout), sentences=tuple(sentences))


def _once(sentences: Iterable[Sentence]) -> list[Sentence]:
    """Without repetitions, which small models fall into."""
    return list({one.text: one for one in reversed(list(sentences))}.values())[::-1]


def _own_words(brief: DraftBrief) -> str:
    return f"{brief.request.topic}\n{brief.request.caption or ''}"


def _schema(evidence: Sequence[Evidence]) -> type[Told]:
    """`Told` whose JSON schema closes `cites` to the ledger's ids, so that guided decoding cannot name others.

    Validation stays open: a server that ignores the schema gets its answer mended instead of refused.
    """
    ids = [row.id for row in evidence]
    if not ids:
        return Told
    one_id = Annotated[str, WithJsonSchema({"type": "string", "enum": ids})]
    said = create_model("Said", __base__=Said, cites=(tuple[one_id, ...], Field(default=(), max_length=20)))
    return create_model("Told", __base__=Told, sentences=(tuple[said, ...], Field(min_length=1, max_length=SENTENCES_MAX)))


def _prompt(brief: SectionBrief) -> str:
    draft, spec = brief.draft, brief.spec
    return prompts.render(
        "write",
        dao_name=prompts.quote(draft.dao_name),
        language=LANGUAGES[draft.request.lang],
        heading=prompts.quote(spec.heading),
        guidance=prompts.quote(spec.guidance),
        type_label=prompts.quote(draft.type_label),
        layout=spec.layout,
        min_chars=spec.min_chars,
        max_chars=spec.max_chars,
        topic=prompts.quote(_own_words(draft).strip()),
        evidence=ledger(draft.evidence),
        earlier=_earlier(brief),
    )


def ledger(evidence: Sequence[Evidence]) -> str:
    """The evidence as the model sees it; what strangers wrote is quoted and cannot leave its tag."""
    total = sum(estimate(row.quote[:QUOTE_SHOWN]) for row in evidence)
    shown = QUOTE_SHOWN if total <= LEDGER_TOKENS else max(160, QUOTE_SHOWN * LEDGER_TOKENS // total)
    return "\n".join(_entry(row, shown) for row in evidence) or "(no evidence)"


def _entry(row: Evidence, shown: int) -> str:
    facts = "; ".join(f"{fact.name} = {fact.value} {fact.unit or ''} {fact.time or ''}".strip() for fact in row.facts[:20])
    head = [f"kind: {row.kind}", f"role: {row.role or '-'}"]
    if row.confidence is not None:
        head.append(f"read off a picture with confidence {row.confidence:.2f}")
    lines = [f'<evidence id="{prompts.quote(row.id)}">', prompts.quote("; ".join(head))]
    if row.title:
        lines.append(f"<title>{prompts.quote(row.title[:200])}</title>")
    if facts:
        lines.append(f"<facts>{prompts.quote(facts[:2000])}</facts>")
    cut_off = " (cut)" if len(row.quote) > shown else ""
    return "\n".join([*lines, f"<quote>{prompts.quote(row.quote[:shown])}</quote>{cut_off}", "</evidence>"])


def _earlier(brief: SectionBrief) -> str:
    """The earlier version and what was found wrong with it, or nothing."""
    if brief.previous is None:
        return ""
    rows = [f"[{at}] ({one.kind}; cites {', '.join(one.cites) or 'nothing'}) {one.text}" for at, one in enumerate(brief.previous.sentences)]
    found = [f"{row.level} at {row.where}: {row.message}" for row in brief.findings] or ["(nothing)"]
    return (
        "This is your earlier version. Mend what the checks found; leave the rest as it is.\n"
        f"<earlier>\n{prompts.quote(chr(10).join(rows))}\n</earlier>\n"
        f"<findings>\n{prompts.quote(chr(10).join(found))}\n</findings>"
    )
