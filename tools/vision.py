"""Numbers read off a chart by a vision model, and the honest answer where there is none."""

import asyncio
import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

import prompts
from agent.errors import SourceError, WriterError
from agent.schemas import ChartFact, Lang, Picture
from tools.llm import ChatModel, Image
from tools.picture import shown

LONGEST_SIDE = 2048
"""Pixels; larger pictures are sent smaller."""


class Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    name: Literal["first", "last", "change_pct", "min", "max"]
    value: float
    time: str = Field(default="", max_length=40)
    confidence: float = Field(ge=0, le=1)


class Reading(BaseModel):
    """What the model is asked for."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    readable: bool
    metric: str = Field(default="", max_length=200)
    unit: str = Field(default="", max_length=40)
    series: str = Field(default="", max_length=120)
    values: tuple[Value, ...] = ()


class VisionReader:
    """Satisfies ChartReader. `last` holds the whole reading with its confidences, for whoever shows them."""

    def __init__(self, chat: ChatModel, least: float = 0.5) -> None:
        self.chat, self.least = chat, least
        self.last: Reading | None = None

    async def read(self, picture: Picture) -> list[ChartFact]:
        """The values the model is sure enough of (`least`). Raises SourceError, or StoreError if the stored copy is gone."""
        media_type, data = await asyncio.to_thread(shown, picture, LONGEST_SIDE)
        try:
            reading = await self.chat.ask(prompts.render("read_chart"), Reading, [Image(media_type, data)], purpose="read_chart")
        except WriterError as error:
            raise SourceError("model", str(error).removeprefix("model: ")) from error
        self.last = reading
        return facts(reading, self.least) if reading.readable else []


def facts(reading: Reading, least: float) -> list[ChartFact]:
    """One fact a name. The change is recomputed from the ends and left out where they are not known; a minimum above the maximum drops both."""
    kept = {value.name: value for value in reversed(reading.values) if value.confidence >= least}
    low, high = kept.get("min"), kept.get("max")
    if low and high and low.value > high.value:
        del kept["min"], kept["max"]
    unit = " ".join(reading.unit.split()) or None
    found: dict[str, ChartFact] = {
        name: ChartFact(name=name, value=value.value, unit=unit, time=value.time.strip() or None, confidence=value.confidence)
        for name, value in kept.items()
        if name != "change_pct"
    }
    first, last = kept.get("first"), kept.get("last")
    if first and last and first.value:
        change = 100 * (last.value - first.value) / abs(first.value)
        sure = min(first.confidence, last.confidence)
        if math.isfinite(change):
            found["change_pct"] = ChartFact(name="change_pct", value=round(change, 1), unit="%", confidence=sure)
    return [found[name] for name in ("first", "last", "change_pct", "min", "max") if name in found]


class NoReader:
    """Satisfies ChartReader where no vision model is set."""

    def __init__(self, lang: Lang = "en") -> None:
        self.why = {
            "en": "cannot read pictures without a vision model; tell me what it shows",
            "zh": "没有视觉模型，无法读图；请告诉我图中内容",
        }[lang]

    async def read(self, picture: Picture) -> list[ChartFact]:
        return []
