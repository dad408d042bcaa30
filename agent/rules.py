"""A DAO's own rules: its types, sections, limits and sources, read from a dated file. Pure."""

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256

from pydantic import TypeAdapter

import prompts
from agent.brief import SectionSpec
from agent.rule_shapes import CommonSection, Limits, Mention, PackData, Rule, SectionRule, SourceRule, TypeRule, Venue
from agent.schemas import Evidence, Fact, Lang, Locator

GENERIC = "generic-snapshot"
LIVE_NOTE = "What the chain or the space says when it is read goes before the figures of this file."
_WORDS = re.compile(r"[^\W_]+")
_LABEL = re.compile(r"\s*(?:[\[【(（][^\]】)）]{1,60}[\]】)）]\s*[:：\-–—]?\s*)+")


@dataclass(frozen=True, slots=True)
class RulePack:
    """The rules of one DAO as of a date. `generic` means: we have none of this DAO, these are its venue's."""

    data: PackData
    dao: str
    """What was asked for; the pack's own name is `data.id`."""
    generic: bool = False

    @property
    def id(self) -> str:
        """The pack's name: "ens"."""
        return self.data.id

    @property
    def name(self) -> str:
        """The DAO's name; of an unknown DAO what was asked for."""
        return self.dao if self.generic else self.data.name

    @property
    def path(self) -> str:
        """Where the pack stands in the repository."""
        return f"prompts/daos/{self.data.id}.toml"

    @property
    def types(self) -> tuple[TypeRule, ...]:
        """The kinds of proposals."""
        return self.data.types

    @property
    def limits(self) -> Limits:
        """What the venue takes."""
        return self.data.limits

    @property
    def title_max(self) -> int:
        """Longest title the rules for all types ask for, in UTF-16 units."""
        return min([self.data.limits.title, *(r.max for r in self.data.rules if r.check == "title_length" and not r.types)])

    def title_limit(self, type_key: str) -> int:
        """Longest title a rule of any level asks for in this type, in UTF-16 units."""
        return min([self.data.limits.title, *(rule.max for rule in self.rules(self.type(type_key).key) if rule.check == "title_length")])

    def blanks(self, type_key: str, lang: Lang) -> tuple[tuple[str, str], ...]:
        """(section key, what is missing) for what a rule asks to be named and only the author can know."""
        asked = [rule for rule in self.rules(self.type(type_key).key) if isinstance(rule, Mention) and rule.blank and not rule.when]
        return tuple((r.blank_section or "specification", (r.blank_zh if lang == "zh" else r.blank) or "") for r in asked)

    def type(self, key: str) -> TypeRule:
        """The type with this key, label or alias; the default type if there is none."""
        wanted = key.strip().casefold()
        return next((kind for kind in self.types if wanted in kind.names()), self.default)

    @property
    def default(self) -> TypeRule:
        """The type taken when nothing decides."""
        return next(kind for kind in self.types if kind.default)

    def named(self, text: str) -> TypeRule | None:
        """The type a label in brackets or a leading word of a title names ("[EP5.1] [Social] ..."), if any."""
        labels = [label.casefold().strip() for label in re.findall(r"[\[【(（]([^\]】)）]{1,80})[\]】)）]", text)]
        prefixes = [kind.prefix for kind in self.types]
        for kind in self.types:
            own = kind.prefix.casefold().strip(" :-–—") if prefixes.count(kind.prefix) == 1 else ""
            starts = tuple(start for start in (own, *(f"{name}:" for name in kind.names())) if len(start) > 1)
            if any(name in labels for name in kind.names()) or text.strip().casefold().startswith(starts):
                return kind
        return None

    def classify(self, topic: str) -> TypeRule:
        """The type a topic most likely is: the one it names, else the one whose keywords fit best, else the default."""
        if named := self.named(topic):
            return named
        scores = [(_score(kind, topic), kind.default, -place) for place, kind in enumerate(self.types)]
        best = max(scores)
        return self.types[-best[2]] if best[0] > 0 else self.default

    def venue(self, type_key: str) -> Venue:
        """Where such a proposal is voted on."""
        return self.type(type_key).venue or self.data.venue

    def choices(self, type_key: str) -> tuple[str, ...]:
        """The ballot's default options, in the DAO's words."""
        return self.type(type_key).choices or self.data.choices

    def title(self, type_key: str, text: str) -> str:
        """`text` on one line with the type's prefix; a label that names another type is replaced, other labels stay."""
        kind, plain = self.type(type_key), " ".join(text.split())
        if kind.prefix and plain.casefold().startswith(kind.prefix.casefold().strip()):
            return plain
        while (found := _LABEL.match(plain)) and self.named(found[0]) and kind.prefix:
            plain = plain[found.end() :]
        for other in self.types:
            if kind.prefix and other.prefix and plain.casefold().startswith(other.prefix.casefold().strip()):
                plain = plain[len(other.prefix.strip()) :].strip()
        return f"{kind.prefix}{plain}"

    def outline(self, type_key: str, lang: Lang) -> tuple[SectionSpec, ...]:
        """The DAO's sections in its order, completed with our own where its format lacks them."""
        keys = list(self.type(type_key).sections)
        own = [key for key, section in common().items() if section.own]
        for place, key in enumerate(own):
            if key not in keys:
                before = [keys.index(earlier) for earlier in own[:place] if earlier in keys]
                keys.insert(max(before, default=-1) + 1, key)
        return tuple(self.section(key, self.type(type_key).key, lang) for key in keys)

    def section(self, key: str, type_key: str, lang: Lang) -> SectionSpec:
        """One section as the DAO words it."""
        spec, zh = self.wording(key), lang == "zh"
        asked = [r for r in self.rules(type_key) if r.check in ("section", "section_length") and r.section == key]
        needed = [r for r in asked if r.check == "section" and r.level in ("error", "warning")]
        return SectionSpec(
            key=key,
            heading=(spec.zh if zh else spec.heading) or key,
            required=bool(needed),
            layout=spec.layout or "paragraph",
            min_chars=max([spec.min_chars, *(r.min_chars for r in asked if r.min_chars > 1)]),
            max_chars=min([spec.max_chars, *(most for r in asked if (most := r.max_chars) is not None)]),
            guidance=(spec.guidance_zh if zh else spec.guidance) or "",
        )

    def wording(self, key: str) -> SectionRule:
        """The section with every gap filled from the common one; `aliases` holds all names it may have."""
        mine = next((section for section in self.data.sections if section.key == key), SectionRule(key=key))
        base = common().get(key)
        if base is None:
            return mine
        names = mine.aliases if mine.only else (*mine.aliases, base.heading, base.zh, *base.aliases)
        return SectionRule(
            key=key,
            heading=mine.heading or base.heading,
            zh=mine.zh or base.zh,
            aliases=tuple(dict.fromkeys(names)),
            layout=mine.layout or base.layout,
            min_chars=mine.min_chars,
            max_chars=mine.max_chars,
            guidance=mine.guidance or base.guidance,
            guidance_zh=mine.guidance_zh or base.guidance_zh,
        )

    def names(self, key: str) -> tuple[str, ...]:
        """Every heading the section may stand under."""
        spec = self.wording(key)
        return tuple(name for name in (spec.heading, spec.zh, *spec.aliases) if name)

    def rules(self, type_key: str | None = None) -> tuple[Rule, ...]:
        """All rules, or those that speak about one type."""
        return tuple(rule for rule in self.data.rules if type_key is None or not rule.types or type_key in rule.types)

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id."""
        return next((rule for rule in self.data.rules if rule.id == rule_id), None)

    def source(self, rule: Rule) -> SourceRule:
        """Where the rule was read."""
        return next(source for source in self.data.sources if source.id == rule.source)

    def cite(self, rule: Rule) -> str:
        """The rule's source with its date, for a check result."""
        return f"{self.source(rule).title}, {rule.date.isoformat()}"

    def thresholds(self) -> tuple[Fact, ...]:
        """Every typed figure of the rules. `LIVE_NOTE` holds for all of them."""
        return tuple(fact for rule in self.data.rules for fact in rule.facts)

    def evidence(self, type_key: str | None = None, lang: Lang = "en") -> list[Evidence]:
        """The rules as quotable evidence, unnumbered; `locator.field` names the language's field of the file."""
        return [self._evidence(rule, lang) for rule in self.rules(type_key)]

    def _evidence(self, rule: Rule, lang: Lang) -> Evidence:
        words, source, day = rule.words(lang), self.source(rule), self.data.as_of
        return Evidence(
            id="",
            kind="rule",
            quote=words,
            url=source.url,
            locator=Locator(dao=self.dao, path=self.path, id=rule.id, field="text_zh" if lang == "zh" else "text"),
            sha256=sha256(words.encode()).hexdigest(),
            retrieved_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
            title=self.cite(rule),
            role="rule",
            facts=tuple(fact.model_copy(update={"time": fact.time or rule.date.isoformat()}) for fact in rule.facts),
        )


def _score(kind: TypeRule, topic: str) -> float:
    """How well a topic fits a type: longer keywords weigh more, names of the type most."""
    low = " ".join(_WORDS.findall(topic.casefold()))
    named = sum(1.5 for name in kind.names() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", topic.casefold()))
    english = sum(1.0 + 0.5 * word.count(" ") for word in kind.keywords if re.search(rf"\b{re.escape(word.casefold())}", low))
    chinese = sum(0.5 * len(word) for word in kind.keywords_zh if word in topic)
    return named + english + chinese


@cache
def common() -> dict[str, CommonSection]:
    """The sections any pack may use, by key, in the order of a draft."""
    rows = TypeAdapter(tuple[CommonSection, ...]).validate_python(tomllib.loads(prompts.text("sections.toml"))["sections"])
    return {row.key: row for row in rows}


@cache
def _pack(name: str) -> PackData:
    return PackData.model_validate(tomllib.loads(prompts.pack_text(name)))


@cache
def _names() -> dict[str, str]:
    """Every name a DAO may be asked by, and its pack."""
    return {plain(word): name for name in prompts.pack_names() for word in (name, *_pack(name).aliases)}


def plain(dao: str) -> str:
    """A DAO's name without case, spaces and the ".eth" ending."""
    return re.sub(r"[\s_]+", "-", dao.strip().casefold()).removesuffix(".eth")


def known() -> tuple[str, ...]:
    """The names of the packs, sorted."""
    return prompts.pack_names()


def load(dao: str) -> RulePack:
    """The DAO's rule pack; of a DAO we have none for, the generic Snapshot one with `generic` set."""
    name = _names().get(plain(dao))
    if name is None:
        return RulePack(_pack(GENERIC), dao, generic=True)
    return RulePack(_pack(name), dao)
