"""The drafting graph on the sample DAO with the grounded writer: what a member and a committee see."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.brief import DraftBrief, SectionBrief
from agent.errors import InputError, PolicyError
from agent.graph import after_review
from agent.grounded.writer import GroundedWriter
from agent.render import markdown
from agent.schemas import DaoId, Draft, Lang, ProposalId, Request, Section, Sentence
from agent.state import Deps, Event, State, Verdict
from bots import asking
from bots.drafting import begin, resume, review
from bots.wiring import App

pytestmark = pytest.mark.slow

CHART = Path(__file__).parents[2] / "bots" / "sample" / "charts" / "nft-sales.png"
TOPIC = {"en": "creator rebates: NFT sales are falling", "zh": "创作者返还：NFT 成交数下降"}


def silent(event: Event) -> None:
    """No progress."""


async def draft(app: App, lang: Lang = "en", run: str = "run1", **changes: object) -> Draft:
    request = asking.request(app, TOPIC[lang], dao="harbor", exclude=[], chart=CHART, lang=lang)
    return await begin(app, run, Request.model_validate({**request.model_dump(), **changes}), silent)


def sentences(draft: Draft, key: str | None = None) -> list[Sentence]:
    return [s for section in draft.sections if key in (None, section.key) for s in section.sentences]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_every_factual_sentence_cites_and_nothing_fails(harbor: App, lang: Lang) -> None:
    made = await draft(harbor, lang)
    assert made.answered
    ids = {e.id for e in made.evidence}
    facts = [s for s in sentences(made) if s.kind in ("fact", "inference")]
    assert len(facts) > 20
    assert all(s.cites and set(s.cites) <= ids for s in facts)
    assert not [c for c in made.checks if c.level == "error"]


async def test_the_draft_covers_what_a_committee_asks_for(harbor: App) -> None:
    made = await draft(harbor)
    keys = {section.key for section in made.sections}
    assert keys >= {
        "abstract",
        "motivation",
        "rationale",
        "precedents",
        "specification",
        "actions",
        "budget",
        "timeline",
        "risks",
        "dissent",
        "conflicts",
        "options",
    }
    assert made.choices == ("For", "Against", "Abstain")
    text = " ".join(s.text for s in sentences(made, "precedents"))
    assert "HIP-31" in text
    assert "46.2 %" in text


async def test_the_picture_is_known_by_its_bytes_and_its_fall_is_told(harbor: App) -> None:
    made = await draft(harbor)
    said = sentences(made, "abstract")[1]
    assert "40 %" in said.text
    assert "1,240" in said.text
    assert "744" in said.text
    assert next(e for e in made.evidence if e.id == said.cites[0]).kind == "chart"


async def test_a_picture_that_differs_from_the_series_is_shown_beside_it(harbor: App) -> None:
    series = next(s for s in harbor.records.read_series("harbor") if s.metric == "nft_sales_weekly")
    first = next(p for p in series.points if p.time.date().isoformat() == "2025-03-03")
    points = tuple(p.model_copy(update={"value": 1200.0}) if p == first else p for p in series.points)
    harbor.records.add_series([series.model_copy(update={"points": points})])
    made = await draft(harbor)
    told = [s for s in sentences(made, "motivation") if "the picture gives 1,240" in s.text]
    assert len(told) == 1
    assert "1,200" in told[0].text
    assert len(told[0].cites) == 2
    assert not [c for c in made.checks if c.level == "error"]


async def test_an_unknown_picture_is_not_read_and_the_draft_says_so(harbor: App, tmp_path: Path) -> None:
    from PIL import Image

    other = tmp_path / "other.png"
    Image.new("RGB", (320, 200), "white").save(other)
    request = asking.request(harbor, TOPIC["en"], dao="harbor", exclude=[], chart=other, lang="en")
    made = await begin(harbor, "run2", request, silent)
    told = [s for s in sentences(made) if "was not read" in s.text]
    assert len(told) == 1
    assert "320 by 200" in told[0].text


async def test_what_only_the_author_knows_is_blank_and_listed_first(harbor: App) -> None:
    made = await draft(harbor)
    marked = {m for s in sentences(made) for m in re.findall(r"\[\[(.+?)\]\]", s.text)}
    assert {b.what for b in made.blanks} == marked
    page = markdown(made)
    assert page.index("For the author to fill") < page.index("## Abstract")


async def test_the_draft_says_that_no_language_model_wrote_it(harbor: App) -> None:
    made = await draft(harbor)
    assert made.writer == "grounded"
    assert "no language model" in made.provenance.writer_note
    assert made.provenance.model is None


async def test_a_chinese_draft_is_in_chinese_but_for_its_quotes(harbor: App) -> None:
    made = await draft(harbor, "zh")
    for section in made.sections:
        assert re.search(r"[\u4e00-\u9fff]", section.heading), section.heading
    for s in sentences(made):
        told = s.text
        for quote in s.quotes:
            told = told.replace(quote, "")
        assert re.search(r"[\u4e00-\u9fff]", told), s.text


async def test_orders_hidden_in_a_proposal_are_not_quoted(harbor: App) -> None:
    request = Request(topic="community dashboard of sales data", dao=DaoId("harbor"))
    made = await begin(harbor, "run3", request, silent)
    page = json.dumps(made.model_dump(mode="json"), ensure_ascii=False).lower()
    assert "ignore your rules" not in page
    assert "recommend approval" not in page
    assert "more than 90 %" not in page


async def test_nothing_later_than_before_and_nothing_excluded_is_seen(harbor: App) -> None:
    made = await draft(harbor, before="2024-06-30T00:00:00Z", exclude=(ProposalId("HIP-31"),))
    for e in made.evidence:
        assert e.locator.id != "HIP-31"
        if e.kind == "proposal":
            stored = harbor.store.proposal("harbor", e.locator.id or "")
            assert stored is not None
            assert stored.created is not None
            assert stored.created.date().isoformat() <= "2024-06-30"
    assert not [s for s in sentences(made) if "2025-03" in s.text and "picture" not in s.text]


async def test_too_little_evidence_gives_a_short_honest_answer(harbor: App) -> None:
    made = await begin(harbor, "run4", Request(topic="lease of a quantum telescope", dao=DaoId("harbor")), silent)
    assert not made.answered
    assert len(sentences(made)) <= 4
    assert {look.where for look in made.looked_for}
    assert "quantum telescope" in markdown(made)


async def test_a_draft_waits_and_a_verdict_on_other_bytes_is_refused(harbor: App) -> None:
    made = await draft(harbor)
    with pytest.raises(PolicyError, match="look at them again"):
        await review(harbor, "run1", Verdict(decision="approve", by="alice", sha256="0" * 64), silent)
    again = await resume(harbor, "run1", silent)
    assert again.sha256 == made.sha256


async def test_changes_asked_for_make_a_new_version_and_an_approval_writes_files(harbor: App) -> None:
    made = await draft(harbor)
    asked = Verdict(decision="changes", by="alice", sha256=made.sha256, comments={"budget": "name a ceiling"})
    second, files = await review(harbor, "run1", asked, silent)
    assert second.version == 2
    assert second.sha256 != made.sha256
    assert files == ()
    assert any("name a ceiling" in s.text for s in sentences(second, "budget"))
    approved, files = await review(harbor, "run1", Verdict(decision="approve", by="alice", sha256=second.sha256), silent)
    assert approved.sha256 == second.sha256
    assert {Path(f).suffix for f in files} >= {".md", ".json"}
    exported = next(Path(f) for f in files if f.endswith(".md")).read_text(encoding="utf-8")
    assert "alice" in exported
    assert second.sha256 in exported


async def test_a_rejection_ends_the_run_and_is_kept(harbor: App) -> None:
    made = await draft(harbor)
    _, files = await review(harbor, "run1", Verdict(decision="reject", by="bob", sha256=made.sha256, reason="not now"), silent)
    assert files == ()
    kept = await harbor.journal.reviews(made.sha256)
    assert [(row.reviewer, row.verdict, row.reason) for row in kept] == [("bob", "reject", "not now")]
    with pytest.raises(InputError, match="waits for no verdict"):
        await review(harbor, "run1", Verdict(decision="approve", by="bob", sha256=made.sha256), silent)


async def test_the_same_request_gives_the_same_text(harbor: App) -> None:
    first, second = await draft(harbor, run="a1"), await draft(harbor, run="a2")
    assert first.sections == second.sections
    assert first.title == second.title


class Careless(GroundedWriter):
    """Adds claims that nothing supports, each time it is asked."""

    async def title(self, brief: DraftBrief) -> str:
        return "A careless title"

    async def section(self, brief: SectionBrief) -> Section:
        made = await super().section(brief)
        bad = (
            Sentence(text="Sales rose by 77 % in May.", kind="fact"),
            Sentence(text="HIP-31 passed with 99.9 % for.", kind="fact", cites=(brief.draft.evidence[2].id,)),
            Sentence(text="All agree on this.", kind="fact", cites=("E999",)),
        )
        return made.model_copy(update={"sentences": (*made.sentences, *bad)}) if brief.spec.key == "motivation" else made


async def test_what_cannot_be_supported_is_written_again_then_removed_and_the_removal_told(harbor: App) -> None:
    tries: list[str] = []

    class Watched(App):
        def deps(self, request: Request, progress: Callable[[Event], None]) -> Deps:
            return replace(
                super().deps(request, progress), writer=Careless(request.lang), progress=lambda e: tries.append(f"{e.node} {e.detail}")
            )

    app = Watched(harbor.settings)
    app.__dict__["dense"] = None
    made = await begin(app, "run5", Request(topic=TOPIC["en"], dao=DaoId("harbor")), silent)
    app.close()
    page = markdown(made)
    for claim in ("77 %", "99.9 %", "All agree"):
        assert claim not in " ".join(s.text for s in sentences(made))
    assert sum(t == "write Motivation" for t in tries) == 2 * 3, "written once and twice again"
    assert [c for c in made.checks if "removed" in c.message], page


def test_a_route_after_review_is_decided_by_the_verdict_alone() -> None:
    def state(decision: str) -> State:
        return {"verdict": Verdict.model_validate({"decision": decision, "by": "a", "sha256": "x"})}

    assert after_review(state("approve")) == "export"
    assert after_review(state("reject")) == "__end__"
