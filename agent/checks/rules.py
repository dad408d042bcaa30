"""Hold a document against a DAO's own rules: one result per rule, passes included. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.document import Document, read_document
from agent.headings import BOLD, normal
from agent.rule_shapes import (
    BodyLength,
    Choices,
    Forbid,
    FrontMatter,
    Mention,
    Note,
    Rule,
    SectionLength,
    SectionNeeded,
    TitleLength,
    TitlePattern,
    TypeNamed,
    TypeRule,
    finding_level,
)
from agent.rules import RulePack
from agent.schemas import CheckResult, Draft, Lang, Section

PROCESS = "process"
"""`where` of a rule that a text cannot show: it is reported as information."""
SKIPPED = "not applied"
"""`where` of a rule that does not hold here: another type, not yet in force, or nothing to look at."""
_BARE = re.compile(r"^\s*(?:[\[【(（][^\]】)）]{0,80}[\]】)）]\s*)+")
_SHOWN = {"title": "标题", "body": "正文"}
_TYPE_KEYS = ("type", "category", "proposal type", "tags", "提案类型", "类型")


@dataclass(frozen=True, slots=True)
class Case:
    """What every check sees."""

    document: Document
    pack: RulePack
    kind: TypeRule
    lang: Lang

    def say(self, english: str, chinese: str) -> str:
        """The finding in the reader's language."""
        return chinese if self.lang == "zh" else english


@dataclass(frozen=True, slots=True)
class Found:
    """What a check saw."""

    kept: bool
    where: str
    message: str


def units(text: str) -> int:
    """Length as JavaScript counts it: UTF-16 units, so an emoji is 2."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def lint(
    document: Document, pack: RulePack, type_key: str | None = None, lang: Lang = "en", choices: Sequence[str] = ()
) -> list[CheckResult]:
    """One result per rule of the pack, in its order; `choices` go before what the text lists.

    A rule that does not apply is a pass with `where` SKIPPED, a note one with `where` PROCESS.
    """
    seen = replace(document, choices=tuple(choices)) if choices else document
    kind = pack.type(type_key) if type_key else kind_of(seen, pack)
    case = Case(seen, pack, kind, lang)
    return [_result(rule, case) for rule in pack.data.rules]


def lint_draft(draft: Draft, pack: RulePack) -> list[CheckResult]:
    """The same for a draft, without its sources; a short answer ("too little evidence") is not linted."""
    if not draft.answered:
        return []
    body = "".join(f"## {section.heading}\n\n{_written(section)}\n\n" for section in draft.sections)
    document = read_document(body, title=draft.title, choices=draft.choices, created=draft.provenance.created.date(), front_known=False)
    kind = draft.type or pack.classify(draft.title).key
    return lint(replace(document, front={"type": kind}), pack, kind, draft.lang)


def _written(section: Section) -> str:
    if section.layout == "paragraph":
        return " ".join(sentence.text for sentence in section.sentences)
    return "\n".join(f"- {sentence.text}" for sentence in section.sentences)


def kind_of(document: Document, pack: RulePack) -> TypeRule:
    """The type the text states, else the one its title most likely is."""
    return stated_type(document, pack, lines=12) or pack.classify(document.title or "")


def stated_type(document: Document, pack: RulePack, lines: int) -> TypeRule | None:
    """The type that the title, the front matter or one of the first `lines` lines that are not blank names."""
    if named := pack.named(document.title or ""):
        return named
    words = [word for key in _TYPE_KEYS for word in re.split(r"\s*[,;，；]\s*", document.front.get(key, "").casefold())]
    for kind in pack.types:
        if any(name in words or name in document.front for name in kind.names()):
            return kind
    opening = [line[:200].casefold() for line in document.body.split("\n") if line.strip()][:lines]
    longest = sorted(((name, kind) for kind in pack.types for name in kind.names()), key=lambda pair: -len(pair[0]))
    return next((kind for line in opening for name, kind in longest if _states(line, name)), None)


def _states(line: str, name: str) -> bool:
    """Whether a line is the name, alone or with "proposal", or says "type: name"."""
    bare = " ".join(re.sub(r"[*_`#|\[\]>]", " ", line).split())
    word = re.escape(name)
    says = rf"(?:\btype|\bcategory|\blabel|类型|类别)(?: of (?:aip|proposal))?\s*(?:is|[:：])?\s*(?:an?\s+)?{word}(?![\w-])"
    return bool(re.match(rf"{word}(?:\s*[:：].*|\s+(?:aip|proposal))?$", bare) or re.search(says, bare))


def _result(rule: Rule, case: Case) -> CheckResult:
    found = _skip(rule, case) or _look(rule, case)
    return CheckResult(
        rule=rule.id,
        level=finding_level(rule.level, found.kept),
        where=found.where,
        message=found.message + case.say(": ", "：") + rule.words(case.lang),
        source=case.pack.cite(rule),
    )


def _skip(rule: Rule, case: Case) -> Found | None:
    if rule.types and case.kind.key not in rule.types:
        return Found(True, SKIPPED, case.say(f"not asked of type {case.kind.label}", f"不适用于“{case.kind.label_zh}”类型"))
    if rule.unless and re.search(rule.unless, case.document.title or ""):
        return Found(True, SKIPPED, case.say("not asked of such a title", "不适用于此类标题"))
    created = case.document.created
    if rule.since and created and created < rule.since:
        return Found(True, SKIPPED, case.say(f"in force since {rule.since}, later than this text", f"自 {rule.since} 起生效，晚于本文日期"))
    return None


def _look(rule: Rule, case: Case) -> Found:
    match rule:
        case SectionNeeded():
            return _section(rule, case)
        case SectionLength():
            return _section_length(rule, case)
        case TitleLength():
            return _title_length(rule, case)
        case TitlePattern():
            return _title_pattern(rule, case)
        case TypeNamed():
            return _type_named(rule, case)
        case BodyLength():
            return _within(rule.min, rule.max, units(case.document.body), "body", case)
        case Choices():
            return _choices(rule, case)
        case FrontMatter():
            return _front_matter(rule, case)
        case Mention():
            return _mention(rule, case)
        case Forbid():
            return _forbid(rule, case)
        case Note():
            return Found(True, PROCESS, case.say("for information", "供参考"))


def _within(least: int, most: int | None, length: int, where: str, case: Case) -> Found:
    kept = least <= length and (most is None or length <= most)
    english, chinese = f"{where} has {length:,} characters", f"{_SHOWN.get(where, where)}有 {length:,} 个字符"
    if length < least:
        english, chinese = f"{english}, at least {least:,} asked", f"{chinese}，要求至少 {least:,} 个"
    elif most is not None:
        english, chinese = f"{english}, at most {most:,} asked", f"{chinese}，要求不超过 {most:,} 个"
    return Found(kept, where, case.say(english, chinese))


def _under(case: Case, key: str) -> str | None:
    """The text of a section, or None if it is not there.

    A heading with nothing under it, followed by a heading of the author's own, is taken to span that one too.
    """
    document = case.document
    heading = document.find(case.pack.names(key))
    if heading is None:
        return None
    text = document.under(heading)
    if text or heading.until >= len(document.text):
        return text
    others = {normal(name) for other in case.kind.sections for name in case.pack.names(other)}
    later = [h for h in document.headings if h.start >= heading.until and h.level <= BOLD]
    if later and later[0].name in others:
        return text
    return document.text[heading.end : next((h.start for h in later if h.name in others), len(document.text))].strip()


def _shown(case: Case, key: str) -> str:
    spec = case.pack.wording(key)
    return (spec.zh if case.lang == "zh" else spec.heading) or key


def _section(rule: SectionNeeded, case: Case) -> Found:
    text, shown = _under(case, rule.section), _shown(case, rule.section)
    if text is None:
        return Found(False, rule.section, case.say(f'no section "{shown}"', f"缺少“{shown}”一节"))
    if rule.min_chars and not re.search(r"\w", text):
        return Found(False, rule.section, case.say(f'section "{shown}" is empty', f"“{shown}”一节为空"))
    if rule.min_chars > 1 or rule.max_chars is not None:
        found = _within(rule.min_chars, rule.max_chars, units(text), shown, case)
        return Found(found.kept, rule.section, found.message)
    return Found(True, rule.section, case.say(f'section "{shown}" is there', f"已有“{shown}”一节"))


def _section_length(rule: SectionLength, case: Case) -> Found:
    text = _under(case, rule.section)
    if text is None:
        return Found(True, SKIPPED, case.say(f'no section "{_shown(case, rule.section)}"', f"没有“{_shown(case, rule.section)}”一节"))
    found = _within(rule.min_chars, rule.max_chars, units(text), _shown(case, rule.section), case)
    return Found(found.kept, rule.section, found.message)


def _title_length(rule: TitleLength, case: Case) -> Found:
    title = case.document.title
    if title is None:
        return Found(rule.min == 0, "title", case.say("no title", "缺少标题"))
    return _within(rule.min, rule.max, units(_BARE.sub("", title) if rule.bare else title.strip()), "title", case)


def _title_pattern(rule: TitlePattern, case: Case) -> Found:
    title = case.document.title or ""
    kept = re.search(rule.pattern, title, re.IGNORECASE) is not None
    return Found(
        kept,
        "title",
        case.say("title fits" if kept else f"title '{title[:80]}' does not fit", "标题符合" if kept else f"标题“{title[:80]}”不符合"),
    )


def _type_named(rule: TypeNamed, case: Case) -> Found:
    kind = stated_type(case.document, case.pack, rule.lines)
    known = ", ".join(kind.label for kind in case.pack.types)
    if kind is None:
        return Found(
            False,
            "type",
            case.say(f"no type named (known: {known})", f"未注明类型（可选：{'、'.join(k.label_zh for k in case.pack.types)}）"),
        )
    return Found(True, "type", case.say(f"type {kind.label}", f"类型为“{kind.label_zh}”"))


def _choices(rule: Choices, case: Case) -> Found:
    options = case.document.choices
    if not options and not rule.stated:
        return Found(True, SKIPPED, case.say("no options in the text", "文中未列选项"))
    if not rule.min <= len(options) <= rule.max:
        return Found(
            False,
            "choices",
            case.say(f"{len(options)} options, {rule.min} to {rule.max} asked", f"{len(options)} 个选项，要求 {rule.min} 至 {rule.max} 个"),
        )
    if long := next((option for option in options if not 1 <= units(option) <= rule.max_length), None):
        return Found(
            False, "choices", case.say(f"option '{long[:40]}' has {units(long)} units", f"选项“{long[:40]}”有 {units(long)} 个单元")
        )
    given = {normal(option) for option in options}
    if missing := next((group for group in rule.needed if not given & {normal(name) for name in group}), None):
        return Found(False, "choices", case.say(f'no option "{missing[0]}"', f"缺少选项“{missing[0]}”"))
    return Found(True, "choices", case.say(f"{len(options)} options", f"{len(options)} 个选项"))


def _front_matter(rule: FrontMatter, case: Case) -> Found:
    front = case.document.front
    if not case.document.front_known:
        return Found(True, SKIPPED, case.say("front matter not at hand", "没有文首信息可查"))
    if missing := [key for key in rule.keys if key not in front]:
        return Found(False, "front matter", case.say(f"missing: {', '.join(missing)}", f"缺少：{'、'.join(missing)}"))
    wrong = [key for key, pattern in rule.values.items() if key in front and not re.search(pattern, front[key], re.IGNORECASE)]
    if wrong:
        return Found(
            False,
            "front matter",
            case.say(f"{wrong[0]} '{front[wrong[0]][:60]}' does not fit", f"{wrong[0]}“{front[wrong[0]][:60]}”不符合"),
        )
    return Found(True, "front matter", case.say("all keys there", "各项齐全"))


def _mention(rule: Mention, case: Case) -> Found:
    whole = f"{case.document.title or ''}\n{case.document.body}"
    where = rule.section or "body"
    if rule.when and not re.search(rule.when, whole):
        return Found(True, SKIPPED, case.say("its occasion is not given", "无此情形"))
    text = _under(case, rule.section) if rule.section else whole
    if text and any(re.search(one, text) for one in rule.any_of) and all(re.search(each, text) for each in rule.all_of):
        return Found(True, where, case.say("named in the text", "文中已写明"))
    return Found(False, where, case.say("not found in the text", "文中未见"))


def _forbid(rule: Forbid, case: Case) -> Found:
    found = next((hit for pattern in rule.patterns if (hit := re.search(pattern, case.document.body))), None)
    if found is None:
        return Found(True, "body", case.say("not in the text", "文中没有"))
    return Found(False, "body", case.say(f"found '{' '.join(found[0].split())[:60]}'", f"出现“{' '.join(found[0].split())[:60]}”"))
