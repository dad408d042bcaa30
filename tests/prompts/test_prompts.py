"""Templates: undefined variables are fatal, strangers' text cannot leave its tag, every file is hashed."""

from pathlib import Path
from string import Template

import pytest
from hypothesis import given
from hypothesis import strategies as st

import prompts

FOLDER = Path(prompts.__file__).parent
HOSTILE = st.lists(st.sampled_from(["<", "</proposal>", "&", "amp;", "lt;", "&lt;", "&amp;lt;", ">", "<!--", "$x", "a", "\u200b"])).map(
    "".join
)


@given(st.one_of(st.text(), HOSTILE))
def test_quoted_text_can_neither_close_nor_open_a_tag(text: str) -> None:
    assert "<" not in prompts.quote(text)


@given(st.one_of(st.text(), HOSTILE))
def test_unquoting_gives_back_what_was_quoted(text: str) -> None:
    assert prompts.unquote(prompts.quote(text)) == text


@given(st.text(alphabet=st.characters(exclude_characters="<")))
def test_text_without_tags_and_entities_is_quoted_as_it_is(text: str) -> None:
    assert prompts.quote(text) == text or "lt;" in text


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "text", lambda path: {"greet.md": "Dear $name, pay $$5.\n<p>\n$words\n</p>\n"}[path])


@pytest.mark.usefixtures("template")
def test_a_template_is_filled_once() -> None:
    filled = prompts.render("greet", name="$words", words=prompts.quote("</p> $name"))
    assert filled == "Dear $words, pay $5.\n<p>\n&lt;/p> $name\n</p>\n"


@pytest.mark.usefixtures("template")
def test_an_undefined_variable_is_fatal() -> None:
    with pytest.raises(KeyError, match="words"):
        prompts.render("greet", name="A")


@pytest.mark.parametrize("name", ["nothing", "../pyproject", "/etc/passwd", "daos/../../x", "", "."])
def test_a_file_that_is_none_of_ours_is_not_read(name: str) -> None:
    with pytest.raises(KeyError):
        prompts.text(f"{name}.md")
    with pytest.raises(KeyError):
        prompts.pack_text(name)


def test_every_pack_file_is_listed_and_served() -> None:
    assert prompts.pack_names() == tuple(sorted(path.stem for path in (FOLDER / "daos").glob("*.toml")))
    assert all(prompts.pack_text(name).startswith('schema = "daoclerk.rules/1"') for name in prompts.pack_names())


def test_every_template_there_is_can_be_rendered_with_its_variables() -> None:
    for path in FOLDER.glob("*.md"):
        template = Template(path.read_text(encoding="utf-8"))
        assert template.is_valid(), path.name
        assert prompts.render(path.stem, **dict.fromkeys(template.get_identifiers(), "x"))


def test_the_hash_changes_with_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "daos").mkdir()
    seen = set()
    for name, words in [("a.md", "one"), ("a.md", "two"), ("b.ftl", "x = y"), ("daos/c.toml", "id = 1"), ("d.md", "one")]:
        (tmp_path / name).write_text(words, encoding="utf-8")
        monkeypatch.setattr("prompts.files", lambda _: tmp_path)
        prompts.sha256.cache_clear()
        seen.add(prompts.sha256())
    prompts.sha256.cache_clear()
    assert len(seen) == 5
