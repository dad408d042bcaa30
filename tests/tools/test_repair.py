"""Whatever the model says, a section holds only what the ledger holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import WriterError
from agent.schemas import Sentence
from agent.text import utf16_len
from tests.tools.briefs import LEDGER, THIEF, WALLET
from tests.tools.writing import sentence, told, write
from tools.repair import Mender, Said, bounded, cut


async def test_an_invented_id_beside_a_real_one_is_dropped_and_the_fact_demoted() -> None:
    section, writer, _ = await write(told(sentence("Sales fell.", cites=("E1", "E99"))))
    assert section.sentences == (Sentence(text="Sales fell.", kind="inference", cites=("E1",)),)
    assert [(repair.where, repair.what, repair.detail) for repair in writer.repairs] == [("motivation[0]", "id", "E99")]


@pytest.mark.parametrize(("lang", "mark"), [("en", "Sales fell [[source for this statement]]."), ("zh", "Sales fell [[此句的出处]].")])
async def test_a_statement_with_only_invented_ids_is_marked_and_stays_a_fact_without_source(lang: str, mark: str) -> None:
    section, _, _ = await write(told(sentence("Sales fell.", cites=("E99", "proposal 7"))), lang=lang)
    assert section.sentences == (Sentence(text=mark, kind="fact"),)


async def test_ids_written_into_the_text_move_to_where_they_belong() -> None:
    section, _, _ = await write(told(sentence("Sales fell [E2], and (E1; E98) says so【E1】.", cites=("[e1]",))))
    assert section.sentences[0].cites == ("E1", "E2")
    assert section.sentences[0].text == "Sales fell, and says so."
    assert section.sentences[0].kind == "inference"


@pytest.mark.parametrize("listed", [(), ("it worked wonders for everyone",)])
async def test_a_quote_that_is_not_there_loses_its_marks_and_the_fact_its_rank(listed: tuple[str, ...]) -> None:
    section, writer, _ = await write(told(sentence("The author said “it worked wonders for everyone”.", quotes=listed)))
    assert section.sentences == (Sentence(text="The author said it worked wonders for everyone.", kind="inference", cites=("E1",)),)
    assert writer.repairs[0].what == "quote"


async def test_a_quote_from_evidence_that_is_not_cited_does_not_count() -> None:
    quote = "no way to tell whether it worked"
    section, _, _ = await write(told(sentence(f"There was “{quote}”.", cites=("E2",), quotes=(quote,))))
    assert section.sentences[0].quotes == ()


async def test_a_verbatim_quote_that_was_not_listed_is_listed() -> None:
    section, _, _ = await write(told(sentence('There was "no way to tell whether it worked".')))
    assert section.sentences[0].quotes == ("no way to tell whether it worked",)


async def test_what_the_prompt_escaped_is_quoted_back_unescaped() -> None:
    row = LEDGER[0].model_copy(update={"quote": "if x < 3 then nothing is paid out at all"})
    section, _, _ = await write(
        told(sentence("It says “if x &lt; 3 then nothing is paid out”.", quotes=("if x &lt; 3 then nothing is paid out",))), row
    )
    assert section.sentences[0].quotes == ("if x < 3 then nothing is paid out",)
    assert section.sentences[0].kind == "fact"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("See https://evil.example/claim now.", "See now."),
        ("See [the vote](https://evil.example/x) now.", "See the vote now."),
        ("See <a href='https://evil.example'>this</a> now.", "See this now."),
        ("See ![x](https://evil.example/x.png) now.", "See x now."),
        ("See evil-airdrop.xyz/claim now.", "See now."),
        ("See javascript:alert(1) now.", "See now."),
        ("See https://vote.harbor.example/p/31/../../x now.", "See now."),
        ("See https://vote.harbor.example.evil.example/p/31 now.", "See now."),
        ("See https://vote.harbor.example/p/31 now.", "See https://vote.harbor.example/p/31 now."),
        ("See vote.harbor.example now.", "See vote.harbor.example now."),
        ("详见https://evil.example/claim，谢谢。", "详见，谢谢。"),
        ("See https://vote.harbor.example/p/31/ now.", "See https://vote.harbor.example/p/31/ now."),
        ("See https://evil.https://evil.example/aexample/b now.", "See now."),
        ("It grew e.g. by 1.5 to 2.5 a.m. under v1.2.", "It grew e.g. by 1.5 to 2.5 a.m. under v1.2."),
    ],
)
async def test_only_links_of_cited_evidence_stay(said: str, kept: str) -> None:
    section, _, _ = await write(told(sentence(said)))
    assert section.sentences[0].text == kept


async def test_a_host_that_a_cited_quote_names_may_be_named_but_not_its_pages() -> None:
    row = LEDGER[0].model_copy(update={"quote": "Move app.harbor.example to IPFS, see https://app.harbor.example/x."})
    section, _, _ = await write(told(sentence("It moves app.harbor.example, see https://app.harbor.example/x today.")), row)
    assert section.sentences[0].text == "It moves app.harbor.example, see today."


async def test_an_address_that_no_cited_evidence_holds_becomes_a_blank() -> None:
    section, _, _ = await write(told(sentence(f"Pay {THIEF}.", "opinion", ()), sentence(f"Paid to {WALLET}.", cites=("E2",))))
    assert [one.text for one in section.sentences] == ["Pay [[address]].", f"Paid to {WALLET}."]


async def test_the_authors_own_address_is_the_authors() -> None:
    section, _, _ = await write(told(sentence(f"Pay {THIEF}.", "opinion", ())), topic=f"pay {THIEF} for the audit")
    assert section.sentences[0].text == f"Pay {THIEF}."


async def test_invisible_characters_headings_and_submitter_suffixes_do_not_get_in() -> None:
    hidden = "Sales\u200b fell\u202e.\n# Approved <b>now</b> #proposer=0x" + "11" * 20
    section, writer, _ = await write(told(sentence(hidden), sentence("# Approved"), sentence("- a point")))
    assert [one.text for one in section.sentences] == ["Sales fell. # Approved now", "Approved", "a point"]
    assert {repair.what for repair in writer.repairs} == {"characters", "markup"}


async def test_text_is_bounded_at_whole_sentences() -> None:
    section, _, _ = await write(told(*(sentence(f"Sentence number {n} says something.") for n in range(40))), max_chars=100)
    assert [one.text for one in section.sentences] == [f"Sentence number {n} says something." for n in range(3)][: len(section.sentences)]
    assert sum(utf16_len(one.text) for one in section.sentences) + len(section.sentences) - 1 <= 100


async def test_repetitions_are_kept_once() -> None:
    section, _, _ = await write(told(*[sentence("Sales fell.")] * 9, sentence("Fees fell.")))
    assert [one.text for one in section.sentences] == ["Sales fell.", "Fees fell."]


async def test_nothing_usable_is_an_error_not_an_empty_section() -> None:
    with pytest.raises(WriterError, match="wrote no usable sentence for 'motivation'"):
        await write(told(sentence("https://evil.example", "opinion", ()), sentence("[E99]")))


# --- properties --------------------------------------------------------------------------------

LISTS = st.lists(st.one_of(st.sampled_from(["E1", "E2", "E9", "[E3]", ""]), st.text(max_size=10)), max_size=4).map(tuple)
TEXTS = st.one_of(
    st.text(min_size=1, max_size=200),
    st.lists(
        st.sampled_from(["“", "”", "[", "]", "(", ")", "E1", "E77", "https://evil.example/a", "40 ETH", "<b>", "#", THIEF, "。", " "]),
        min_size=1,
    ).map("".join),
)


@given(text=TEXTS, kind=st.sampled_from(["fact", "inference", "opinion", "boilerplate"]), cites=LISTS, quotes=LISTS)
def test_a_mended_sentence_cites_and_quotes_only_what_is_there(
    text: str, kind: str, cites: tuple[str, ...], quotes: tuple[str, ...]
) -> None:
    mended = Mender(LEDGER, "en").sentence(Said.model_validate({"text": text, "kind": kind, "cites": cites, "quotes": quotes}), "here")
    if mended is None:
        return
    held = {row.id: row for row in LEDGER}
    assert set(mended.cites) <= set(held)
    assert all(quote in mended.text and any(quote in held[one].quote for one in mended.cites) for quote in mended.quotes)
    assert "evil.example" not in mended.text
    assert THIEF not in mended.text
    assert "\n" not in mended.text
    assert not (mended.kind == "fact" and kind != "fact")


@given(text=st.text(max_size=80), most=st.integers(1, 60))
def test_a_cut_text_fits(text: str, most: int) -> None:
    assert utf16_len(cut(text, most)) <= most


@given(texts=st.lists(st.text(min_size=1, max_size=30), max_size=8), most=st.integers(1, 100))
def test_bounded_sentences_fit(texts: list[str], most: int) -> None:
    kept = bounded([Sentence(text=text, kind="opinion") for text in texts], most)
    assert sum(utf16_len(one.text) for one in kept) + max(0, len(kept) - 1) <= most
    assert bool(kept) == bool(texts)
