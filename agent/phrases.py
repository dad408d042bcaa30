"""The fixed words of a rendered draft, in both languages. Everything a template says and no author wrote stands here."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.schemas import EvidenceKind, Lang, Level, Op, Status


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language. `{...}` are filled by `str.format`; pairs are (one, many)."""

    draft: str
    too_little: str
    written_by: str
    no_model: str
    with_model: str
    sources_count: tuple[str, str]
    checks_found: str
    levels: Mapping[Level, tuple[str, str]]
    level_names: Mapping[Level, str]
    blanks_count: tuple[str, str]
    no_checks: str
    to_fill_head: str
    to_fill: str
    inference: str
    opinion: str
    failed: str
    empty: str
    options: str
    sources: str
    checks: str
    looked_for: str
    looked_line: str
    uncited: str
    unknown_source: str
    read_on: str
    computed_from: str
    no_link: str
    characters: str
    block: str
    transaction: str
    hash: str
    picture_hash: str
    confidence: str
    kinds: Mapping[EvidenceKind, str]
    statuses: Mapping[Status, str]
    operations: Mapping[Op, str]
    drafted_by: str
    model_used: str
    model_none: str
    hashes: str
    draft_hash: str
    created: str
    approved: str
    not_approved: str
    shortened: str
    in_full: str
    in_full_hashless: str
    cut_quotes: str
    cut_details: str
    cut_sources: tuple[str, str]
    cut_sections: tuple[str, str]
    cut_sentences: tuple[str, str]
    more: str
    separator: str
    open_quote: str
    close_quote: str
    semicolon: str
    colon: str
    space: str
    """Between sentences."""


EN = Phrases(
    draft="Draft",
    too_little="Too little evidence for a draft",
    written_by="written by ",
    no_model="no language model",
    with_model="language model {model}",
    sources_count=("{n} source", "{n} sources"),
    checks_found="checks: {found}",
    levels={
        "pass": ("{n} passed", "{n} passed"),
        "advice": ("{n} advice", "{n} advice"),
        "warning": ("{n} warning", "{n} warnings"),
        "error": ("{n} error", "{n} errors"),
    },
    level_names={"pass": "passed", "advice": "advice", "warning": "warning", "error": "error"},
    blanks_count=("{n} blank", "{n} blanks"),
    no_checks="none run",
    to_fill_head="For the author to fill ({n}):",
    to_fill="[to fill: {what}]",
    inference="(inference)",
    opinion="(opinion)",
    failed="(failed a check)",
    empty="(nothing drafted)",
    options="Options",
    sources="Sources",
    checks="Checks",
    looked_for="What was looked for",
    looked_line="“{what}” in {where}: {searched} searched, {found} found",
    uncited="Gathered and not cited: {ids}.",
    unknown_source="cited, but not among the evidence",
    read_on="read {date}",
    computed_from="{op} of {inputs}",
    no_link="no link",
    characters="characters {start}–{end}",
    block="block {block}",
    transaction="transaction {tx}",
    hash="sha256 {sha}",
    picture_hash="picture's sha256 {sha}",
    confidence="read with {value} confidence",
    kinds={
        "proposal": "proposal",
        "chain": "chain",
        "market": "market",
        "forum": "forum",
        "post": "post",
        "chart": "picture",
        "rule": "rule",
        "derived": "computed",
    },
    statuses={"passed": "passed", "failed": "failed", "withdrawn": "withdrawn", "draft": "draft", "unknown": "outcome unknown"},
    operations={
        "sum": "sum",
        "difference": "difference",
        "share": "share",
        "change_pct": "change in per cent",
        "ratio": "ratio",
        "product": "product",
        "count": "count",
        "median": "median",
        "mean": "mean",
        "min": "smallest",
        "max": "largest",
        "days": "days",
    },
    drafted_by="Drafted by software: {software}, {note}.",
    model_used="Model: {model}.",
    model_none="No language model wrote it.",
    hashes="Evidence sha256 {evidence}; prompts sha256 {prompts}.",
    draft_hash="Draft sha256 {sha}.",
    created="Created {date}.",
    approved="Approved by {names}.",
    not_approved="Not approved by anyone.",
    shortened="Shortened to fit {limit} characters. Left out: {parts}.",
    in_full="The full draft has sha256 {sha}.",
    in_full_hashless="The full draft holds them.",
    cut_quotes="quotes of sources",
    cut_details="details of sources",
    cut_sources=("{n} source", "{n} sources"),
    cut_sections=("the section {names}", "the sections {names}"),
    cut_sentences=("{n} sentence", "{n} sentences"),
    more="and {n} more",
    separator=", ",
    open_quote="“",
    close_quote="”",
    semicolon="; ",
    colon=": ",
    space=" ",
)

ZH = Phrases(
    draft="草案",
    too_little="证据不足，未能成稿",
    written_by="撰写：",
    no_model="未使用语言模型",
    with_model="语言模型 {model}",
    sources_count=("{n} 个来源", "{n} 个来源"),
    checks_found="检查：{found}",
    levels={
        "pass": ("{n} 项通过", "{n} 项通过"),
        "advice": ("{n} 条建议", "{n} 条建议"),
        "warning": ("{n} 条警告", "{n} 条警告"),
        "error": ("{n} 处错误", "{n} 处错误"),
    },
    level_names={"pass": "通过", "advice": "建议", "warning": "警告", "error": "错误"},
    blanks_count=("{n} 处待填", "{n} 处待填"),
    no_checks="未运行",
    to_fill_head="请作者填写（{n}）：",
    to_fill="［待填：{what}］",
    inference="（推断）",
    opinion="（观点）",
    failed="（未通过检查）",
    empty="（尚无内容）",
    options="投票选项",
    sources="来源",
    checks="检查结果",
    looked_for="查找过的内容",
    looked_line="在{where}中查找“{what}”：共查 {searched} 项，找到 {found} 项",
    uncited="已收集但未引用：{ids}。",
    unknown_source="被引用，但不在证据之中",
    read_on="{date} 读取",
    computed_from="由 {inputs} 计算：{op}",
    no_link="无链接",
    characters="第 {start}–{end} 字符",
    block="区块 {block}",
    transaction="交易 {tx}",
    hash="sha256 {sha}",
    picture_hash="图片 sha256 {sha}",
    confidence="读取置信度 {value}",
    kinds={
        "proposal": "提案",
        "chain": "链上数据",
        "market": "市场数据",
        "forum": "论坛",
        "post": "帖子",
        "chart": "图片",
        "rule": "规则",
        "derived": "计算值",
    },
    statuses={"passed": "已通过", "failed": "未通过", "withdrawn": "已撤回", "draft": "草稿", "unknown": "结果未知"},
    operations={
        "sum": "求和",
        "difference": "差",
        "share": "占比",
        "change_pct": "变化百分比",
        "ratio": "比值",
        "product": "乘积",
        "count": "计数",
        "median": "中位数",
        "mean": "平均值",
        "min": "最小值",
        "max": "最大值",
        "days": "天数",
    },
    drafted_by="本文由软件起草：{software}，{note}。",
    model_used="模型：{model}。",
    model_none="未使用语言模型撰写。",
    hashes="证据 sha256 {evidence}；提示词 sha256 {prompts}。",
    draft_hash="草案 sha256 {sha}。",
    created="生成于 {date}。",
    approved="批准人：{names}。",
    not_approved="尚未经任何人批准。",
    shortened="为符合 {limit} 字符上限已作删减。略去：{parts}。",
    in_full="完整草案的 sha256 为 {sha}。",
    in_full_hashless="完整草案中保留了这些内容。",
    cut_quotes="来源的引文",
    cut_details="来源的细节",
    cut_sources=("{n} 个来源", "{n} 个来源"),
    cut_sections=("章节{names}", "章节{names}"),
    cut_sentences=("{n} 个句子", "{n} 个句子"),
    more="等共 {n} 项",
    separator="、",
    open_quote="“",
    close_quote="”",
    semicolon="；",
    colon="：",
    space="",
)

TABLE: Mapping[Lang, Phrases] = {"en": EN, "zh": ZH}


def counted(n: int, forms: tuple[str, str], **more: str) -> str:
    """The form for one or for many, filled: counted(2, ("{n} blank", "{n} blanks")) == "2 blanks"."""
    return forms[0 if n == 1 else 1].format(n=f"{n:,}", **more)
