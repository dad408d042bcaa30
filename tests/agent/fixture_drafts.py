"""Drafts of a made-up DAO that use every part of the shape, in English and Chinese, and strategies for strange ones."""

from datetime import UTC, datetime
from functools import cache

from hypothesis import strategies as st

from agent.ledger import derive, evidence_sha256, number, seal, sha256
from agent.schemas import (
    Blank,
    CheckResult,
    DaoId,
    Draft,
    Evidence,
    EvidenceKind,
    Fact,
    Locator,
    LookedFor,
    Provenance,
    Section,
    Sentence,
    SentenceKind,
)

READ = datetime(2025, 4, 2, 9, 30, tzinfo=UTC)
DAO = DaoId("harbor")
PICTURE = "9f2c" * 16
FUND = "This proposal asks for 40 ETH, once, to pay creators who list on Harbor Market. There is no report at the end."
STIPEND = "Curators receive 3 % of protocol fees for two quarters. A report is due at the end of the second quarter."
REPLY = "There is no way to tell whether it worked."
RULE = "Every vote offers For, Against and Abstain."


def _proposal(number_: str, title: str, body: str, quote: str, facts: tuple[Fact, ...]) -> Evidence:
    start = body.index(quote)
    return Evidence(
        id="",
        kind="proposal",
        quote=quote,
        url=f"https://forum.harbor.example/t/hip-{number_}",
        locator=Locator(dao=DAO, id=f"HIP-{number_}", start=start, end=start + len(quote)),
        sha256=sha256(body),
        retrieved_at=READ,
        title=title,
        role="precedent",
        facts=facts,
    )


@cache
def evidence() -> tuple[Evidence, ...]:
    """Nine numbered pieces: two precedents, a reply, a picture, a series, a rule, the treasury, two computed values."""
    chart = Evidence(
        id="",
        kind="chart",
        quote="Weekly NFT sales: 1,240 on 3 March, 744 on 2 April",
        locator=Locator(dao=DAO, id=PICTURE, field="reading", path="pictures/9f2c.png"),
        sha256=sha256("Weekly NFT sales: 1,240 on 3 March, 744 on 2 April"),
        retrieved_at=READ,
        title="NFT sales a week",
        role="picture",
        confidence=0.93,
        facts=(Fact(name="first", value=1240, unit="sales"), Fact(name="last", value=744, unit="sales")),
    )
    fees = Evidence(
        id="",
        kind="market",
        quote="2025-04-02 protocol fees of 30 days: 61.4 ETH",
        url="https://stats.harbor.example/fees",
        locator=Locator(dao=DAO, id="fees", start=0, end=45),
        sha256=sha256("2025-04-02 protocol fees of 30 days: 61.4 ETH"),
        retrieved_at=READ,
        title="Protocol fees",
        facts=(Fact(name="fees", value=61.4, unit="ETH"), Fact(name="last_day", value="2025-04-02")),
    )
    treasury = Evidence(
        id="",
        kind="chain",
        quote="balance 1,912 ETH",
        locator=Locator(dao=DAO, tx="0x1a2b" + "00" * 30, block=19_566_870),
        sha256=sha256("balance 1,912 ETH"),
        retrieved_at=READ,
        title="Treasury",
        facts=(Fact(name="balance", value=1912, unit="ETH"),),
    )
    rows = [
        chart,
        fees,
        treasury,
        _proposal(
            "31", "HIP-31 Creator fund", FUND, FUND[:80], (Fact(name="status", value="failed"), Fact(name="created", value="2024-06-01"))
        ),
        Evidence(
            id="",
            kind="forum",
            quote=REPLY,
            url="https://forum.harbor.example/t/hip-31/4",
            locator=Locator(dao=DAO, id="hip-31/4", start=0, end=len(REPLY)),
            sha256=sha256(REPLY),
            retrieved_at=READ,
            title="Reply to HIP-31",
            facts=(Fact(name="created", value="2024-06-03"), Fact(name="likes", value=41)),
        ),
        _proposal(
            "44",
            "HIP-44 Curator stipends",
            STIPEND,
            STIPEND[:55],
            (Fact(name="status", value="passed"), Fact(name="created", value="2024-09-12")),
        ),
        Evidence(
            id="",
            kind="rule",
            quote=RULE,
            url="https://docs.harbor.example/rules#4.2",
            locator=Locator(dao=DAO, id="4.2", start=0, end=len(RULE)),
            sha256=sha256(RULE),
            retrieved_at=READ,
            title="Harbor rule 4.2",
        ),
    ]
    rows.append(derive("change_pct", [(chart, "first"), (chart, "last")], name="fall", title="Fall of sales"))
    spare = _proposal("12", "HIP-12 Logo", "A new logo.", "A new logo.", (Fact(name="status", value="withdrawn"),))
    return number([*rows, spare])


def _draft(title: str, lang: str, note: str, sections: tuple[Section, ...], choices: tuple[str, ...], blanks: tuple[Blank, ...]) -> Draft:
    rows = evidence()
    return seal(
        Draft.model_validate(
            {
                "run": "run-7f3a",
                "answered": True,
                "title": title,
                "type": "Social" if lang == "en" else "社会类",
                "dao": DAO,
                "lang": lang,
                "topic": "creator rebates",
                "writer": "grounded",
                "sections": sections,
                "choices": choices,
                "blanks": blanks,
                "evidence": rows,
                "checks": (
                    *(CheckResult(rule="cite.resolves", level="pass", where="draft", message="every cited id exists") for _ in range(31)),
                    CheckResult(
                        rule="title.length",
                        level="advice",
                        where="title",
                        message="58 characters, 50 are suggested",
                        source="Harbor rule 2.1, 2025-01-15",
                    ),
                ),
                "provenance": Provenance(
                    software="daoclerk 0.1.0",
                    writer="grounded",
                    writer_note=note,
                    prompts_sha256="ab" * 32,
                    evidence_sha256=evidence_sha256(rows),
                    created=READ,
                ),
            }
        )
    )


def _s(text: str, kind: SentenceKind, *cites: str, quotes: tuple[str, ...] = ()) -> Sentence:
    return Sentence(text=text, kind=kind, cites=cites, quotes=quotes)


@cache
def english() -> Draft:
    """The creator rebates of Harbor DAO."""
    return _draft(
        "Quarterly rebates for creators on Harbor Market",
        "en",
        "grounded writer 1.0: no language model; composed from quotes and recorded facts",
        (
            Section(
                key="abstract",
                heading="Abstract",
                sentences=(
                    _s(
                        "This proposal sets aside 5 % of protocol fees for rebates to the ten creators with most sales each quarter.",
                        "opinion",
                    ),
                    _s("The pilot starts in [[which quarter starts the pilot]].", "boilerplate"),
                ),
            ),
            Section(
                key="motivation",
                heading="Motivation",
                sentences=(
                    _s("NFT sales on Harbor Market fell from 1,240 to 744 a week, a fall of 40.0 %.", "fact", "E1", "E8"),
                    _s("Protocol fees over the same 30 days were 61.4 ETH.", "fact", "E2"),
                ),
            ),
            Section(
                key="precedents",
                heading="Precedents",
                layout="bullets",
                sentences=(
                    _s("HIP-31 Creator fund asked for “40 ETH, once” and failed.", "fact", "E4", quotes=("40 ETH, once",)),
                    _s(f"The most-voted reply was “{REPLY}”", "fact", "E5", quotes=(REPLY,)),
                    _s("HIP-44 Curator stipends passed.", "fact", "E6"),
                    _s(
                        "Pay tied to a fee share did better than a lump sum; two proposals are too few to generalise.",
                        "inference",
                        "E4",
                        "E6",
                    ),
                ),
            ),
            Section(
                key="specification",
                heading="Specification",
                layout="numbered",
                sentences=(
                    _s("The treasury pays [[recipient multisig]] 5 % of protocol fees at the end of each quarter.", "boilerplate"),
                    _s("A report is due before any renewal.", "opinion"),
                ),
            ),
            Section(key="budget", heading="Budget", sentences=(_s("The treasury holds 1,912 ETH.", "fact", "E3"),)),
            Section(
                key="dissent",
                heading="Case against",
                sentences=(_s("Rebates reward those who already sell most.", "opinion"),),
            ),
        ),
        ("For", "Against", "Abstain"),
        (
            Blank(id=1, section="abstract", what="which quarter starts the pilot"),
            Blank(id=2, section="specification", what="recipient multisig"),
        ),
    )


@cache
def chinese() -> Draft:
    """The same in Chinese."""
    return _draft(
        "港口市场创作者季度返利",
        "zh",
        "据实撰写器 1.0：未使用语言模型；由引文与记录在案的事实组成",
        (
            Section(
                key="abstract",
                heading="摘要",
                sentences=(
                    _s("本提案拟拨出协议费用的 5 % 作为创作者季度返利。", "opinion"),
                    _s("试点自[[试点从哪个季度开始]]起。", "boilerplate"),
                ),
            ),
            Section(
                key="motivation",
                heading="动机",
                sentences=(
                    _s("每周 NFT 销量从 1,240 降至 744，降幅 40.0 %。", "fact", "E1", "E8"),
                    _s("同期协议费用为 61.4 ETH。", "fact", "E2"),
                ),
            ),
            Section(
                key="precedents",
                heading="先例",
                layout="bullets",
                sentences=(
                    _s("HIP-31 Creator fund 申请“40 ETH, once”，未通过。", "fact", "E4", quotes=("40 ETH, once",)),
                    _s("与费用挂钩的报酬比一次性拨款更易获得支持；样本太少，不宜推广。", "inference", "E4", "E6"),
                ),
            ),
            Section(
                key="specification",
                heading="方案",
                layout="numbered",
                sentences=(_s("每季度末由金库向[[收款多签地址]]支付协议费用的 5 %。", "boilerplate"),),
            ),
            Section(key="dissent", heading="反对意见", sentences=(_s("返利会奖励本来就卖得最多的人。", "opinion"),)),
        ),
        ("赞成", "反对", "弃权"),
        (Blank(id=1, section="abstract", what="试点从哪个季度开始"), Blank(id=2, section="specification", what="收款多签地址")),
    )


@cache
def unanswered() -> Draft:
    """A short honest answer: too little evidence."""
    draft = english().model_copy(
        update={
            "answered": False,
            "title": "Validator insurance",
            "choices": (),
            "blanks": (),
            "checks": (),
            "sections": (
                Section(key="answer", heading="Answer", sentences=(_s("One passing mention was found.", "fact", "E4"),)),
                Section(key="help", heading="What would help", sentences=(_s("A link, a forum thread or an amount.", "boilerplate"),)),
            ),
            "looked_for": (LookedFor(what="validator insurance", where="proposals", searched=212, found=1),),
        }
    )
    return seal(draft)


ATTACKS = (
    "# Heading",
    "[click](https://evil.example/x)",
    "![img](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<https://evil.example>",
    "https://evil.example/a_b?c=d",
    "www.evil.example",
    "evil.example/path",
    "a.example---evil.example",
    "1.2-evil.example",
    "-evil.example",
    "a@evil.example",
    "@everyone",
    "[[what]]",
    "[E1]",
    "[E1]: https://evil.example",
    "```",
    "`code`",
    "~~~",
    "---",
    "===",
    "***",
    "> quote",
    "- item",
    "1. item",
    "| a | b |",
    "\\",
    "\n\n# Next",
    "&lt;b&gt;",
    "<!-- x -->",
    "\u202egnp.exe",
    "\u200b",
    "**bold**",
    "_it_",
    "#general",
    "#proposer=0x" + "ab" * 20,
    "javascript:alert(1)",
    "e\u0301",
    "\r\n",
    "\t",
    "(x)",
    "。",
    "提案",
    " ",
    "``",
)
texts = st.lists(st.one_of(st.sampled_from(ATTACKS), st.text(max_size=12)), max_size=5).map("".join)
_kinds: st.SearchStrategy[EvidenceKind] = st.sampled_from(["proposal", "chain", "market", "forum", "post", "chart", "rule"])
_sentences = st.builds(
    Sentence,
    text=texts,
    kind=st.sampled_from(["fact", "inference", "opinion", "boilerplate"]),
    cites=st.lists(st.one_of(st.sampled_from(["E1", "E2", "E3", "E9"]), texts), max_size=3).map(tuple),
)
_sections = st.builds(
    Section,
    key=st.one_of(st.sampled_from(["abstract", "precedents", "budget"]), texts),
    heading=texts,
    layout=st.sampled_from(["paragraph", "bullets", "numbered"]),
    sentences=st.lists(_sentences, max_size=4).map(tuple),
)
_locators = st.builds(
    Locator, dao=texts, id=texts, start=st.integers(0, 9), end=st.integers(0, 9), field=texts, tx=texts, path=texts, block=st.integers(0, 9)
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Drafts in which every text is a stranger's."""
    rows = tuple(
        Evidence(
            id=f"E{index}",
            kind=draw(_kinds),
            quote=draw(texts),
            url=draw(st.one_of(st.none(), texts, st.just("https://forum.harbor.example/t/1"))),
            locator=draw(_locators),
            sha256=draw(texts),
            retrieved_at=READ,
            title=draw(texts),
            facts=(Fact(name=draw(st.sampled_from(["status", "created", "x"])), value=draw(texts)),),
        )
        for index in range(1, draw(st.integers(0, 3)) + 1)
    )
    base = draw(st.sampled_from([english(), chinese()]))
    return base.model_copy(
        update={
            "title": draw(texts),
            "type": draw(st.one_of(st.none(), texts)),
            "answered": draw(st.booleans()),
            "sections": draw(st.lists(_sections, max_size=4).map(tuple)),
            "choices": draw(st.lists(texts, max_size=4).map(tuple)),
            "blanks": tuple(Blank(id=1, section=draw(texts), what=what) for what in draw(st.lists(texts, max_size=3))),
            "evidence": rows,
            "checks": (CheckResult(rule=draw(texts), level="error", where="abstract[0]", message=draw(texts), source=draw(texts)),),
            "looked_for": (LookedFor(what=draw(texts), where=draw(texts), searched=3, found=0),),
            "provenance": base.provenance.model_copy(
                update={
                    "software": draw(texts),
                    "writer_note": draw(texts),
                    "model": draw(st.one_of(st.none(), texts)),
                    "evidence_sha256": draw(texts),
                    "approved_by": tuple(draw(st.lists(texts, max_size=3))),
                }
            ),
        }
    )
