"""The fall-back: whoever wrote what, the draft says it."""

import asyncio

import pytest

from agent.brief import DraftBrief, SectionBrief
from agent.errors import PolicyError, SourceError, WriterError
from agent.ports import Writer
from agent.schemas import Section, Sentence
from tests.scripted_llm import MODEL, ScriptedLLM, says, status
from tests.tools.briefs import brief
from tools.budget import Budget
from tools.fallback import FallbackWriter
from tools.llm import ChatModel
from tools.model_writer import ModelWriter


class Grounded:
    """Stands for the writer without a model."""

    name = "grounded"
    note = "grounded writer: no language model"
    model: str | None = None

    async def title(self, brief: DraftBrief) -> str:
        return "A plain title"

    async def section(self, brief: SectionBrief) -> Section:
        return Section(key=brief.spec.key, heading=brief.spec.heading, sentences=(Sentence(text="Plain.", kind="boilerplate"),))


class Failing(Grounded):
    name = "model"
    note = "model writer"
    model: str | None = "m"

    def __init__(self, error: Exception, after: int = 0) -> None:
        self.error, self.left, self.asked = error, after, 0

    async def section(self, brief: SectionBrief) -> Section:
        self.asked += 1
        if self.asked > self.left:
            raise self.error
        return await super().section(brief)


def section_of(key: str) -> SectionBrief:
    one = brief()
    return one.model_copy(update={"spec": one.spec.model_copy(update={"key": key})})


async def test_a_working_model_writes_everything_and_keeps_its_note() -> None:
    writer = FallbackWriter(Failing(SourceError("model", "down"), after=9), Grounded())
    port: Writer = writer
    await port.title(brief().draft)
    await port.section(section_of("a"))
    assert (writer.name, writer.model, writer.note, writer.used) == ("model", "m", "model writer", {"model": 2, "grounded": 0})


@pytest.mark.parametrize(
    "error", [SourceError("model", "http://h/v1 cannot be reached"), WriterError("model: http://h/v1 cannot be reached")]
)
async def test_after_the_first_failure_everything_else_is_grounded_and_labelled(error: Exception) -> None:
    reasons: list[str] = []
    primary = Failing(error, after=1)
    writer = FallbackWriter(primary, Grounded(), reasons.append)
    for key in ("a", "b", "c", "d"):
        await writer.section(section_of(key))
    assert writer.used == {"model": 1, "grounded": 3}
    assert primary.asked == 2, "the endpoint is not asked again"
    assert reasons == ["http://h/v1 cannot be reached"]
    assert writer.note.startswith(
        "model endpoint failed (http://h/v1 cannot be reached): written by the grounded writer; parts by the model m: 1, the other parts: 3"
    )
    assert (writer.name, writer.model) == ("model", "m"), "a draft that holds a model's text is not called grounded"


async def test_sections_that_fail_side_by_side_are_one_failure() -> None:
    arrived = asyncio.Barrier(3)

    class Slow(Failing):
        async def section(self, brief: SectionBrief) -> Section:
            await arrived.wait()
            raise SourceError("model", f"no answer for {brief.spec.key}")

    reasons: list[str] = []
    writer = FallbackWriter(Slow(WriterError("unused")), Grounded(), reasons.append)
    await asyncio.gather(*(writer.section(section_of(key)) for key in "abc"))
    assert len(reasons) == 1
    assert writer.reason == reasons[0]
    assert writer.used == {"model": 0, "grounded": 3}


async def test_a_draft_without_a_word_of_the_model_is_called_grounded() -> None:
    writer = FallbackWriter(Failing(SourceError("model", "down")), Grounded())
    await writer.section(section_of("a"))
    assert await writer.title(brief().draft) == "A plain title"
    assert (writer.name, writer.model) == ("grounded", None)
    assert writer.note == "model endpoint failed (down): written by the grounded writer; grounded writer: no language model"
    assert writer.used == {"model": 0, "grounded": 2}


async def test_a_section_written_again_counts_once_by_its_last_writer() -> None:
    writer = FallbackWriter(Failing(SourceError("model", "down"), after=1), Grounded())
    await writer.section(section_of("a"))
    await writer.section(section_of("a"))
    assert writer.used == {"model": 0, "grounded": 1}
    assert writer.name == "grounded"


async def test_the_note_is_in_the_drafts_language_and_its_reason_short() -> None:
    writer = FallbackWriter(Failing(SourceError("model", "x" * 999)), Grounded(), lang="zh")
    await writer.section(section_of("a"))
    assert writer.note.startswith("模型接口失败（xxx")
    assert len(writer.reason or "") == 160


async def test_other_errors_are_not_covered_up() -> None:
    with pytest.raises(PolicyError):
        await FallbackWriter(Failing(PolicyError("no")), Grounded()).section(section_of("a"))


async def test_over_http_a_dead_endpoint_ends_in_a_labelled_grounded_draft() -> None:
    good = says({"sentences": [{"text": "Sales fell.", "kind": "fact", "cites": ["E1"], "quotes": []}]})
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    budget = Budget(60, 99_000, 60)
    async with (
        ScriptedLLM((good,), again=status(500)) as server,
        ChatModel(url=server.url, model=MODEL, budget=budget, retries=1, sleep=sleep) as chat,
    ):
        writer = FallbackWriter(ModelWriter(chat), Grounded())
        first = await writer.section(section_of("a"))
        second = await writer.section(section_of("b"))
        third = await writer.section(section_of("c"))
    assert [one.sentences[0].text for one in (first, second, third)] == ["Sales fell.", "Plain.", "Plain."]
    assert len(server.seen) == 3, "one good answer, one failure, one retry"
    assert "failed (500), check the server's log): written by the grounded writer; parts by the model test/qwen-vl: 1" in writer.note
