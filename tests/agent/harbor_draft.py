"""A rich draft of a made-up DAO with the stored sources it rests on: what the checks and `verify` are tried on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agent.ledger import derive, evidence_sha256, number, seal, sha256
from agent.schemas import Blank, DaoId, Draft, Evidence, EvidenceKind, Fact, Lang, Locator, Provenance, Section, Sentence, SentenceKind

READ = datetime(2025, 4, 2, 9, 30, tzinfo=UTC)
SAFE = "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"
BODIES: Mapping[str, str] = {
    "HIP-31": (
        "## Abstract\n\nThis proposal asks for 40 ETH ($72,500), once, to pay 12 creators who list on Harbor Market.\n\n"
        f"The recipient is {SAFE}, and work begins on 3 March 2024 at 17:00 UTC."
    ),
    "HIP-44": "Curators receive 3.25 % of protocol fees for two quarters, at most 1.2 million HBR, under EIP-1559 of v2.1.",
    "HIP-52": "创作者基金申请 3.5万枚 HBR，自2024年9月1日起，为期 6 个月，手续费为 25 个基点。",
    "sales": "2025-03-03: 1240\n2025-04-02: 744",
    "reply-4": "There is no way to tell whether it worked, and 17 of 23 replies said so.",
    "rule-4.2": "A vote lasts 7 days and needs a quorum of 150,000 HBR.",
}
FACTS: Mapping[str, tuple[Fact, ...]] = {
    "HIP-31": (
        Fact(name="status", value="failed"),
        Fact(name="created", value="2024-02-18"),
        Fact(name="for", value=462.5, unit="HBR"),
        Fact(name="against", value=537.5, unit="HBR"),
    ),
    "HIP-44": (
        Fact(name="status", value="passed"),
        Fact(name="created", value="2024-09-12"),
        Fact(name="for", value=718, unit="HBR"),
        Fact(name="against", value=282, unit="HBR"),
    ),
    "HIP-52": (Fact(name="status", value="withdrawn"), Fact(name="created", value="2024-08-20")),
    "sales": (
        Fact(name="first", value=1240, unit="sales", time="2025-03-03"),
        Fact(name="last", value=744, unit="sales", time="2025-04-02"),
        Fact(name="first_day", value="2025-03-03"),
        Fact(name="last_day", value="2025-04-02"),
    ),
    "reply-4": (Fact(name="author", value="gull"), Fact(name="created", value="2024-02-21"), Fact(name="likes", value=41)),
    "rule-4.2": (),
}
TITLES: Mapping[str, str] = {
    "HIP-31": "HIP-31: Creator fund of 40 ETH",
    "HIP-44": "HIP-44: Curator stipends",
    "HIP-52": "HIP-52：创作者基金",
    "sales": "Weekly NFT sales on Harbor Market",
    "reply-4": "gull",
    "rule-4.2": "Harbor rule 4.2",
}
KINDS: Mapping[str, EvidenceKind] = {"sales": "market", "reply-4": "forum", "rule-4.2": "rule"}


@dataclass
class Stored:
    """Stored sources that a test may tamper with."""

    bodies: dict[str, str] = field(default_factory=lambda: dict(BODIES))
    records: dict[str, tuple[Fact, ...]] = field(default_factory=lambda: dict(FACTS))
    titles: dict[str, str] = field(default_factory=lambda: dict(TITLES))

    def text(self, evidence: Evidence) -> str | None:
        return self.bodies.get(evidence.locator.id or "")

    def facts(self, evidence: Evidence) -> Sequence[Fact] | None:
        ident = evidence.locator.id or ""
        url = Fact(name="url", value=f"https://forum.harbor.example/t/{ident}")
        return (*self.records[ident], Fact(name="title", value=self.titles[ident]), url) if ident in self.records else None


def row(ident: str, quote: str | None = None) -> Evidence:
    """Evidence from a stored source; the quote is the whole text unless part of it is named."""
    body = BODIES[ident]
    said = body if quote is None else quote
    start = body.index(said)
    return Evidence(
        id="",
        kind=KINDS.get(ident, "proposal"),
        quote=said,
        url=f"https://forum.harbor.example/t/{ident}",
        locator=Locator(dao="harbor", id=ident, start=start, end=start + len(said)),
        sha256=sha256(body),
        retrieved_at=READ,
        title=TITLES[ident],
        facts=FACTS[ident],
    )


def ledger() -> tuple[Evidence, ...]:
    """Nine pieces: E1 sales, E2 their change, E3 HIP-31, E4 its share, E5 HIP-44, E6 its share, E7 a reply, E8 a rule, E9 HIP-52."""
    sales = row("sales")
    fund, stipend = row("HIP-31"), row("HIP-44")
    return number(
        [
            sales,
            derive("change_pct", [(sales, "first"), (sales, "last")], name="change_pct"),
            fund,
            derive("share", [(fund, "for"), (fund, "against")], name="for_share", digits=2),
            stipend,
            derive("share", [(stipend, "for"), (stipend, "against")], name="for_share"),
            row("reply-4"),
            row("rule-4.2"),
            row("HIP-52"),
        ]
    )


def s(text: str, kind: SentenceKind, *cites: str, quotes: tuple[str, ...] = ()) -> Sentence:
    """A sentence."""
    return Sentence(text=text, kind=kind, cites=cites, quotes=quotes)


ENGLISH = (
    Section(
        key="motivation",
        heading="Motivation",
        sentences=(
            s("Weekly NFT sales on Harbor Market fell from 1,240 on 2025-03-03 to 744 sales on 2 April 2025.", "fact", "E1"),
            s("Weekly NFT sales on Harbor Market fell by 40.0 %.", "fact", "E2", "E1"),
            s("The pilot starts in [[which quarter starts the pilot]].", "boilerplate"),
        ),
    ),
    Section(
        key="precedents",
        heading="Precedents",
        layout="bullets",
        sentences=(
            s("HIP-31 “Creator fund of 40 ETH” (2024-02-18) failed with 46.25 % for.", "fact", "E3", "E4"),
            s("HIP-31 asked for 40 ETH ($72,500) to pay 12 creators, to be sent to " + SAFE + ".", "fact", "E3"),
            s("HIP-31 was to begin on 3 March 2024 at 17:00 UTC.", "fact", "E3"),
            s("HIP-44 “Curator stipends” passed with 71.8 % for.", "fact", "E5", "E6"),
            s(
                "HIP-44 paid “3.25 % of protocol fees for two quarters” to curators, at most 1.2 million HBR.",
                "fact",
                "E5",
                quotes=("3.25 % of protocol fees for two quarters",),
            ),
            s("HIP-52 “创作者基金” was withdrawn; it asked for “3.5万枚 HBR”.", "fact", "E9", quotes=("3.5万枚 HBR",)),
        ),
    ),
    Section(
        key="dissent",
        heading="Case against",
        sentences=(
            s(
                "gull wrote on 2024-02-21, with 41 likes: “There is no way to tell whether it worked, and 17 of 23 replies said so.”",
                "fact",
                "E7",
                quotes=("There is no way to tell whether it worked, and 17 of 23 replies said so.",),
            ),
            s("Rebates may reward those who already sell most.", "opinion"),
        ),
    ),
    Section(key="timeline", heading="Timeline", sentences=(s("A vote lasts 7 days and needs a quorum of 150,000 HBR.", "fact", "E8"),)),
)
CHINESE = (
    Section(
        key="motivation",
        heading="动机",
        sentences=(
            s("Weekly NFT sales 在 2025年3月3日至2025年4月2日之间由 1,240 降至 744，下降 40.0 %。", "fact", "E1", "E2"),
            s("试点自[[从哪个季度开始]]起。", "boilerplate"),
        ),
    ),
    Section(
        key="precedents",
        heading="先例",
        sentences=(
            s("HIP-31“Creator fund of 40 ETH”（2024-02-18）未获通过，赞成票占 46.25 %。", "fact", "E3", "E4"),
            s("HIP-52 创作者基金申请 3.5万枚 HBR，自2024年9月1日起，为期 6 个月，手续费为 25 个基点，已被撤回。", "fact", "E9"),
            s("HIP-44“Curator stipends”以 71.8 % 的赞成票通过。", "fact", "E5", "E6"),
        ),
    ),
    Section(key="timeline", heading="时间表", sentences=(s("投票为期 7 天，法定人数为 15万 HBR。", "fact", "E8"),)),
)


def draft(lang: Lang = "en", sections: tuple[Section, ...] | None = None, **changes: object) -> Draft:
    """A sealed draft that passes every check."""
    rows = ledger()
    values: dict[str, object] = {
        "run": "run-1",
        "answered": True,
        "title": "Quarterly rebates for creators" if lang == "en" else "创作者季度返利",
        "dao": DaoId("harbor"),
        "lang": lang,
        "topic": "rebates for 10 creators",
        "writer": "grounded",
        "sections": sections if sections is not None else ENGLISH if lang == "en" else CHINESE,
        "choices": ("For", "Against", "Abstain"),
        "blanks": () if sections is not None else _blanks(lang),
        "evidence": rows,
        "provenance": Provenance(
            software="daoclerk 0.1.0",
            writer="grounded",
            writer_note="no language model",
            prompts_sha256="ab" * 32,
            evidence_sha256=evidence_sha256(rows),
            created=READ,
        ),
    }
    return seal(Draft.model_validate(values | changes))


def _blanks(lang: Lang) -> tuple[Blank, ...]:
    return (Blank(id=1, section="motivation", what="which quarter starts the pilot" if lang == "en" else "从哪个季度开始"),)


def one(sentence: Sentence, **changes: object) -> Draft:
    """A draft of one sentence."""
    return draft("en", (Section(key="motivation", heading="Motivation", sentences=(sentence,)),), **changes)
