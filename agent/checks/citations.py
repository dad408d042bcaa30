"""No uncited claim: every factual sentence cites, every id resolves, every quotation stands in what is cited."""

import re

from agent.checks.places import Place, concluded, finding, fold, genuine, places, quotations
from agent.ledger import evidence_sha256
from agent.numbers import claims, supported
from agent.schemas import CheckResult, Draft
from agent.text import clean, is_cjk_heavy

FACTUAL = ("fact", "inference")
NAMES = frozenset(["cc0", "l1", "l2", "erc20", "erc721", "erc1155", "web2", "web3", "2d", "3d"])
"""Names of licences and standards: they hold a digit and claim nothing."""
_OUTCOME = re.compile(
    r"\b(?:passed|failed|was (?:rejected|defeated|approved|adopted|withdrawn|executed|cancell?ed)|were (?:rejected|defeated|approved|adopted)|"
    r"voted (?:for|against|down|to)|(?:won|lost) (?:the|its) vote|reached quorum|missed quorum)\b|"
    r"(?:获得?|已经?|被)(?:通过|批准|否决|撤回|执行|拒绝)|未获?通过|遭否决|投了(?:赞成|反对)票|达到法定人数"
)
_CONDITION = re.compile(
    r"\b(?:if|once|when|whether|unless|until|should|would|must|will|may|can|before|after)\b|如果|若|一旦|倘若|是否|须|将", re.IGNORECASE
)


def check(draft: Draft) -> list[CheckResult]:
    """All rules of this module. Pure."""
    return [*_cited(draft), *_resolved(draft), *_quotes(draft), *_marked(draft), *_smuggled(draft), *_outside(draft), *_ledger(draft)]


def _cited(draft: Draft) -> list[CheckResult]:
    factual = [place for place in places(draft) if place.sentence.kind in FACTUAL]
    found = [
        finding("citation.missing", "error", place.where, f"a sentence of kind {place.sentence.kind} cites nothing: '{_short(place)}'")
        for place in factual
        if not place.sentence.cites
    ]
    return concluded("citation.missing", found, f"all {len(factual)} factual sentences cite evidence")


def _resolved(draft: Draft) -> list[CheckResult]:
    found = [
        finding("citation.unknown", "error", place.where, f"cites '{name}', which is not in the ledger: '{_short(place)}'")
        for place in places(draft)
        for name in place.unknown
    ]
    total = sum(len(place.sentence.cites) for place in places(draft))
    return concluded("citation.unknown", found, f"all {total} citations name evidence of the ledger")


def _quotes(draft: Draft) -> list[CheckResult]:
    """Listed quotes stand in the sentence and in the quote of something it cites."""
    found: list[CheckResult] = []
    total = 0
    for place in places(draft):
        text, known = clean(place.sentence.text), [clean(row.quote) for row in place.rows]
        for quote in place.sentence.quotes:
            total += 1
            if not clean(quote) or clean(quote) not in text:
                found.append(finding("citation.quote", "error", place.where, f"the quote '{_cut(quote)}' does not stand in the sentence"))
            elif not any(clean(quote) in source for source in known):
                found.append(finding("citation.quote", "error", place.where, f"the quote '{_cut(quote)}' stands in nothing that is cited"))
    return concluded("citation.quote", found, f"all {total} quotes stand in the evidence cited")


def _marked(draft: Draft) -> list[CheckResult]:
    """Longer words in quotation marks are quotations even if they are not listed: they must stand in the evidence or the topic."""
    found: list[CheckResult] = []
    total = 0
    asked = fold(draft.topic)
    for place in places(draft):
        real = {fold(text) for text in genuine(place)}
        for _, _, words in quotations(place.sentence.text):
            folded = fold(words.strip("…"))
            if len(folded) < (6 if is_cjk_heavy(words) else 16):
                continue
            total += 1
            if folded not in real and folded not in asked:
                found.append(
                    finding(
                        "citation.quotation",
                        "error",
                        place.where,
                        f"'{_cut(words)}' is in quotation marks and stands in nothing that is cited",
                    )
                )
    return concluded("citation.quotation", found, f"all {total} quotations stand in the evidence cited or in the request")


def _smuggled(draft: Draft) -> list[CheckResult]:
    """Opinion and boilerplate without a citation hold no number, date, address or id, and tell no outcome."""
    loose = [place for place in places(draft) if place.sentence.kind not in FACTUAL and not place.rows]
    found = []
    for place in loose:
        numbers = [claim for claim in claims(place.sentence.text) if claim.key not in NAMES]
        outcome = _OUTCOME.search(place.sentence.text)
        if numbers:
            found.append(
                finding(
                    "citation.smuggled",
                    "error",
                    place.where,
                    f"an uncited {place.sentence.kind} states '{numbers[0].text}': '{_short(place)}'",
                )
            )
        elif outcome and not _CONDITION.search(place.sentence.text[: outcome.start()]):
            found.append(
                finding(
                    "citation.smuggled",
                    "error",
                    place.where,
                    f"an uncited {place.sentence.kind} tells an outcome, '{outcome[0]}': '{_short(place)}'",
                )
            )
    return concluded("citation.smuggled", found, f"{len(loose)} uncited opinions and set phrases state no number and no outcome")


def _outside(draft: Draft) -> list[CheckResult]:
    """Numbers of the title and the choices come from the request, the evidence or (choices) the text."""
    found = []
    said = "\n".join(place.sentence.text for place in places(draft))
    texts = [
        ("title", draft.title, draft.topic),
        *((f"choices[{i}]", text, f"{draft.topic}\n{said}") for i, text in enumerate(draft.choices)),
    ]
    for where, text, own in texts:
        known = {(q.kind, q.value, q.key) for q in claims(own)}
        for claim in claims(text):
            if (claim.kind, claim.value, claim.key) not in known and not supported(claim, draft.evidence, text):
                found.append(finding("citation.outside", "error", where, f"'{claim.text}' is neither in the request nor in the evidence"))
    return concluded("citation.outside", found, "the title and the choices state no number of their own")


def _ledger(draft: Draft) -> list[CheckResult]:
    """Ids are unique, and the provenance names the hash of this very ledger."""
    names = [row.id for row in draft.evidence]
    found = [
        finding("citation.ledger", "error", "evidence", f"two pieces of evidence are called '{name}'")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    if evidence_sha256(draft.evidence) != draft.provenance.evidence_sha256:
        found.append(finding("citation.ledger", "error", "evidence", "the ledger is not the one whose hash the provenance names"))
    late = [row.id for row in draft.evidence if row.retrieved_at > draft.provenance.created]
    found += [finding("citation.ledger", "error", name, "was retrieved after the draft was made") for name in late]
    return concluded("citation.ledger", found, f"the {len(names)} pieces of evidence are those the provenance names")


def _short(place: Place) -> str:
    return _cut(place.sentence.text)


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
