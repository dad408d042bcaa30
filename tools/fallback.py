"""When the model is down, the rest of the draft is written by the other writer, and the draft says so."""

from collections import Counter
from collections.abc import Callable

from agent.brief import DraftBrief, SectionBrief
from agent.errors import SourceError, WriterError
from agent.ports import Writer
from agent.schemas import Lang, Section

REASON_SHOWN = 160


class FallbackWriter:
    """Satisfies Writer, for one draft: after the primary's first failure everything comes from the secondary.

    `used` counts the parts (title and sections) of the draft as it stands by who wrote them, e.g. {"model": 3, "grounded": 9}.
    """

    def __init__(
        self, primary: Writer, secondary: Writer, on_fallback: Callable[[str], None] = lambda reason: None, lang: Lang = "en"
    ) -> None:
        """`on_fallback` is told the reason, once."""
        self._primary, self._secondary, self._on_fallback, self._lang = primary, secondary, on_fallback, lang
        self._by: dict[str, str] = {}
        self.reason: str | None = None
        self.name, self.model, self.note = primary.name, primary.model, primary.note

    @property
    def used(self) -> dict[str, int]:
        counted = Counter(self._by.values())
        return {writer.name: counted[writer.name] for writer in (self._primary, self._secondary)}

    def _wrote(self, part: str, writer: Writer) -> None:
        """Keep the labels true: a draft that holds anything of the primary's goes by its name."""
        self._by[part] = writer.name
        first, second = self._primary, self._secondary
        mine, theirs = self.used[first.name], self.used[second.name]
        if self.reason is None:
            return
        self.name, self.model = (first.name, first.model) if mine else (second.name, second.model)
        if self._lang == "zh":
            mixed = f"；此前 {mine} 部分由模型 {first.model} 撰写，其余 {theirs} 部分不是" if mine else ""
            self.note = f"模型接口失败（{self.reason}）：由基于证据的撰写器撰写{mixed}；{second.note}"
        else:
            mixed = f"; parts by the model {first.model}: {mine}, the other parts: {theirs}" if mine else ""
            self.note = f"model endpoint failed ({self.reason}): written by the grounded writer{mixed}; {second.note}"

    async def title(self, brief: DraftBrief) -> str:
        """The title. Raises WriterError if the secondary fails too."""
        if self.reason is None:
            try:
                text = await self._primary.title(brief)
            except (SourceError, WriterError) as error:
                self._fall_back(error)
            else:
                self._wrote("title", self._primary)
                return text
        text = await self._secondary.title(brief)
        self._wrote("title", self._secondary)
        return text

    async def section(self, brief: SectionBrief) -> Section:
        """One section. Raises WriterError if the secondary fails too."""
        part = f"section:{brief.spec.key}"
        if self.reason is None:
            try:
                section = await self._primary.section(brief)
            except (SourceError, WriterError) as error:
                self._fall_back(error)
            else:
                self._wrote(part, self._primary)
                return section
        section = await self._secondary.section(brief)
        self._wrote(part, self._secondary)
        return section

    def _fall_back(self, error: Exception) -> None:
        if self.reason is not None:
            return  # sections are written in parallel: another one was first
        text = " ".join(str(error).split()).removeprefix("model: ")
        self.reason = text if len(text) <= REASON_SHOWN else text[: REASON_SHOWN - 1].rstrip() + "…"
        self._on_fallback(self.reason)
