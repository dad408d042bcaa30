# What the grounded writer says, in English. One message is at most one sentence; quoted passages keep their own language.

writer-note = grounded writer 1.0: no language model; composed from quotes and recorded facts

# names and outcomes of earlier proposals
named = { $id } “{ $title }”
titled = “{ $title }”
dated = { $name } ({ $date })
outcome-passed = passed
outcome-passed-share = passed with { $share } % for
outcome-failed = failed
outcome-failed-share = failed with { $share } % for
outcome-failed-threshold = failed with { $share } % for: { $for } { $unit } in favour, short of the { $required } { $unit } it needed
outcome-failed-majority = failed although { $share } % of the votes for and against were for ({ $for } { $unit }); the record does not say what it fell short of
outcome-withdrawn = was withdrawn
outcome-draft = is recorded as a draft, with no outcome
outcome-unknown = has no recorded outcome
list-separator = ,{" "}

# abstract
abstract-purpose = { $dao } is asked to decide on “{ $topic }”.
abstract-record = { $total ->
    [one] One earlier proposal of { $dao } is compared here: { $parts }.
   *[other] { $total } earlier proposals of { $dao } are compared here: { $parts }.
}
part-passed = { $n } passed
part-failed = { $n } failed
part-withdrawn = { $n } withdrawn
part-open = { $n } without a recorded outcome
abstract-closest = The closest of them, { $name }, { $outcome }.
abstract-blanks = Recipient, amount and dates are the author's to settle; they are marked where they belong and listed first.
abstract-blanks-social = What only the author can know is marked where it belongs and listed first.

# measured series and pictures
series-fell = { $label } fell from { $first } to { $last } { $unit } between { $start } and { $end }, a fall of { $change } %.
series-rose = { $label } rose from { $first } to { $last } { $unit } between { $start } and { $end }, a rise of { $change } %.
series-flat = { $label } stood at { $first } { $unit } on { $start } and at { $last } { $unit } on { $end }.
series-range = Within that time it was highest at { $max } { $unit } ({ $max-day }) and lowest at { $min } { $unit } ({ $min-day }).
picture-known = The picture the author attached is the chart “{ $title }”: from { $first } { $unit } ({ $start }) to { $last } { $unit } ({ $end }).
picture-fell = The author's picture, the chart “{ $title }”, shows a fall of { $change } %: from { $first } to { $last } { $unit } between { $start } and { $end }.
picture-rose = The author's picture, the chart “{ $title }”, shows a rise of { $change } %: from { $first } to { $last } { $unit } between { $start } and { $end }.
picture-read = Read from the author's picture, not measured: { $values }.
picture-unread = The author attached a picture of { $width } by { $height } pixels; without a vision model it was not read, so no number here comes from it.
picture-differs = The picture and the series differ: the picture gives { $picture } { $unit }, the series { $series } { $unit } for { $day }; the series is used.
value-first = first { $value }
value-last = last { $value }
value-min = lowest { $value }
value-max = highest { $value }
value-change = change { $value } %

# quotes by role
quote-argument = The motivation of { $name }, which { $outcome }, reads: “{ $quote }”
quote-argument-2 = { $name }, which { $outcome }, argued: “{ $quote }”
quote-argument-3 = { $name }, which { $outcome }, made this case: “{ $quote }”
quote-argument-plain = { $name } argued: “{ $quote }”
quote-budget-plain = { $name } put the money this way: “{ $quote }”
quote-specification = { $name } specified: “{ $quote }”
quote-specification-2 = The terms of { $name } read: “{ $quote }”
quote-budget = { $name }, which { $outcome }, put the money this way: “{ $quote }”
quote-budget-2 = On money, { $name }, which { $outcome }, said: “{ $quote }”
quote-timeline = { $name } planned: “{ $quote }”
quote-timeline-2 = The schedule in { $name }: “{ $quote }”
quote-risk = { $name } warned: “{ $quote }”
quote-risk-2 = A caution from { $name }: “{ $quote }”
quote-risk-3 = { $name } names this risk: “{ $quote }”
quote-opinion = { $author } wrote on { $date }: “{ $quote }”
quote-opinion-liked = { $author } wrote on { $date }, with { $likes ->
    [one] one like
   *[other] { $likes } likes
}: “{ $quote }”
said-of = { $author } wrote about it on { $date }: “{ $quote }”
said-of-liked = { $author } wrote about it on { $date }, with { $likes ->
    [one] one like
   *[other] { $likes } likes
}: “{ $quote }”
quote-rule = The rules of { $dao } say: “{ $quote }”
precedent = { $name } { $outcome }.
precedent-says = { $name } { $outcome }. In its words: “{ $quote }”
precedent-ask = { $name } { $outcome }. It asked: “{ $quote }”

# rationale
trait-compare = Of the { $passed } that passed, { $with } { $trait }; of the { $failed } that failed, { $without } do.
trait-amount = mention an amount
trait-term = mention a term or an end date
trait-report = mention a report, milestones or a measure of success
rationale-author = [[why this way and not another, in the author's words]]
motivation-author = [[the problem as the author sees it, with a figure if there is one]]

# specification, actions, budget, timeline
spec-adopt = On approval, { $dao } adopts “{ $topic }” on these terms, from [[start date]] to [[end date, or “until repealed”]].
spec-adopt-social = On approval, { $dao } adopts “{ $topic }” as its stated position, to be carried out by [[who carries it out]].
spec-pay = The recipient is [[recipient and address]], paid [[amount and token]] in [[number of instalments and what releases each]].
spec-report = A report on [[measure of success]] is published before any renewal is asked for.
spec-parameter = The value of [[parameter]] changes from [[current value]] to [[new value]]; nothing else changes.
spec-like = Terms that earlier proposals used, for the author to keep or drop:
actions-transfer = Transfer [[amount and token]] from the treasury to [[recipient and address]]; the proposal makes no other call.
actions-parameter = Set [[parameter and contract]] to [[new value]]; the proposal makes no other call.
actions-none = The vote itself moves no funds and changes no contract; whoever is named in the specification carries the result out.
budget-blank = This proposal asks for [[exact budget and token]], and no more than that.
budget-none = No budget is named in the request; if the measure costs anything: [[cost and who pays]].
budget-treasury = For scale: { $label } stood at { $last } { $unit } on { $end }.
budget-range = The amounts named in { $unit } in those passages run from { $min } to { $max }, with a median of { $median }.
timeline-start = Start: [[start date]]; end or review: [[end or review date]].
timeline-rule = On the vote itself the rules of { $dao } say: “{ $quote }”

# risks, dissent, conflicts, options, changes
risk-failed = A similar request has failed before: { $name } { $outcome }.
risk-stale = The newest outcome found is from { $date }; what members think may have changed since.
risk-author = Named by the author: [[the main risk and how it would be noticed]]
dissent-vote = { $name } { $outcome }: { $against } { $unit } were cast against it.
dissent-post = { $author } wrote on { $date }: “{ $quote }”
dissent-quote = On the other side, { $name } says: “{ $quote }”
dissent-none = No passage that argues against it was found in what was read; that does not mean that there is no objection.
dissent-author = [[the strongest objection the author has heard]]
conflicts-author = The author and the recipient declare: [[interests in the outcome, payments and ties, or “none”]].
options-are = The ballot offers: { $choices }.
options-meaning = A vote for adopts the specification as written; a vote against leaves everything as it is.
changes-failed = { $name } { $outcome }.
changes-why = What was said then: “{ $quote }”
changes-post = { $author } wrote about it on { $date }: “{ $quote }”
changes-author = What is different now: [[what changed since { $name }]].
generic-blank = [[{ $heading }: { $guidance }]]
blank = [[{ $what }, in the author's own words]]
copyright = Copyright and related rights are waived through CC0, where the author agrees: [[yes or no]].
references = Related proposals: { $names }.
committee = The committee asks: [[{ $comment }]]

# title
title-found = earlier proposals of { $dao } that are compared here

# too little evidence
decline-cannot = I can't draft this yet: too little evidence was found for “{ $topic }”.
decline-nearest = The nearest is { $name }, which { $outcome }.
decline-help = What would help: a link or a forum thread, the proposal it builds on, the figures behind it, or the amount you have in mind.

# where something was looked for
where-proposals = the proposals of { $dao }
where-failed = the proposals of { $dao } that failed or were withdrawn
where-series = the series of { $dao }
where-posts = the posts of { $dao }
where-model = look-ups chosen by the model
outcome-passed-heads = passed, { $for } voters for and { $against } against (a head count)
outcome-failed-heads = failed, { $for } voters for and { $against } against (a head count)
outcome-unknown-heads = closed with { $for } voters for and { $against } against (a head count; whether it passed is not recorded)
actions-open = Contract calls and transfers that follow from it: [[each call and transfer, or “none”]].
spec-adopt-change = On approval, [[who carries it out]] carries out “{ $topic }” as set out below, from [[start date]].
spec-swap = The exchange is of [[amount and token]] for [[token]], at [[venue, limits on price and pace]].
spec-asset = The asset or deployment is [[name, chain and address]], with [[risk parameters]].
budget-asked = { $name } asked for { $amount } { $unit }; it { $outcome }.
dissent-vote-passed = { $name } { $outcome } over { $against } { $unit } against it.
