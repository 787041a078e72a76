"""What feeds the rules of a rulebook on a portal, for people and for programs; for `doctor` and `rulebook check`."""

from collections.abc import Iterator, Mapping, Sequence

from config import EngagementSource, FactSource, Fed, Fitness, fed_by
from sync.cli.output import say, table
from sync.hubspot import FeedFound, Fitting, PropertyLacking
from sync.records import Form

_SIGNS: Mapping[Fitness, str] = {"fed": "ok", "summed up": "ok", "to fill": "--", "missing": "--"}
_NAMED = 20
"""Forms that are named; `--json` names them all."""


def fitting_document(found: Fitting, every_s: float) -> dict[str, object]:
    """`every_s`: seconds between two incremental passes."""
    return {
        "rules": [_rule_document(fed, found.lacking[fed.rule.key]) for fed in found.rules],
        "feeds": [_feed_document(feed, every_s) for feed in found.feeds],
        "forms_without_class": forms_document(found.forms_without_class),
    }


def forms_document(forms: Sequence[Form]) -> list[dict[str, str]]:
    return [{"id": form.id, "name": form.name, "type": form.type} for form in forms]


def print_fitting(found: Fitting, every_s: float) -> None:
    """Rule by rule, and feed by feed."""
    say()
    rows = [
        (_SIGNS[fed.fitness], fed.rule.key, fed.rule.label, fed.fitness, fed_by(fed), _better(fed))
        for fed in found.rules
    ]
    table(("", "rule", "what earns points", "state", "fed by", "more with"), rows, piped_width=120)
    for advice, rules in _advice(found).items():
        say(f"{', '.join(rules)}: {advice}")
    if found.feeds:
        say()
        table(
            ("", "feed", "requests a day", "acts a request", "what was found"),
            [_feed_row(feed, every_s) for feed in found.feeds],
            right=("requests a day", "acts a request"),
            piped_width=120,
        )
        say(
            "Requests a day: at rest, by the present pause between incremental passes. What is new costs one request "
            'more for each full page of it, and so does the first pass: "docs/engagement.md" has the sums.'
        )
    print_forms(found.forms_without_class)


def lacking_document(lacking: Sequence[PropertyLacking]) -> list[dict[str, object]]:
    return [{"property": each.name, "rules": list(each.rules), "tier": each.tier} for each in lacking]


def print_lacking(lacking: Sequence[PropertyLacking]) -> None:
    """The properties that the rulebook reads and the portal does not have; nothing where it has them all."""
    if not lacking:
        return
    say()
    one = len(lacking) == 1
    say(
        f"{'1 property' if one else f'{len(lacking)} properties'} that the rulebook reads "
        f"{'is' if one else 'are'} not in the portal: what {'it' if one else 'they'} would tell counts as unknown."
    )
    rows = [(each.name, ", ".join(each.rules), "" if each.tier == "free" else each.tier) for each in lacking]
    table(("property", "rules", "HubSpot has it from"), rows, piped_width=120)


def print_forms(forms: Sequence[Form]) -> None:
    """The forms that no class of the rulebook has; nothing where there are none."""
    if not forms:
        return
    say()
    count = "1 form is" if len(forms) == 1 else f"{len(forms)} forms are"
    say(f"{count} in no class of the rulebook: sending one earns nothing. To put one in, name its id under `forms`.")
    table(("id", "form", "type"), [(form.id, form.name, form.type) for form in forms[:_NAMED]], piped_width=120)
    if len(forms) > _NAMED:
        say(f"… and {len(forms) - _NAMED:,} more; --json lists them all")


def _better(fed: Fed) -> str:
    feeds = dict.fromkeys(s.feed for s in fed.lacking if isinstance(s, EngagementSource) and s.feed)
    if not feeds:
        return ""
    return ", ".join(feeds) + ("" if fed.tier == "free" else f" (HubSpot {str(fed.tier).capitalize()})")


def _advice(found: Fitting) -> Mapping[str, Sequence[str]]:
    """What to do, and for which rules."""
    told: dict[str, list[str]] = {}
    for fed in found.rules:
        for advice in _advice_on(fed, found.lacking[fed.rule.key]):
            told.setdefault(advice, []).append(fed.rule.key)
    return told


def _advice_on(fed: Fed, lacking: Sequence[str]) -> Iterator[str]:
    if fed.fitness == "to fill":
        yield "Count as unknown until the rulebook says what they look for (`lists`, `forms`)."
    elif fed.fitness == "missing" and not fed.lacking:
        yield "Nothing in HubSpot tells of it. If a property or a list of the portal does, name that in `sources`."
    for source in fed.lacking:
        if isinstance(source, FactSource) and source.list_id:
            yield f"The portal has no list of contacts {source.list_id}, or the token lacks the scope crm.lists.read."
    if lacking:
        names, one = ", ".join(lacking), len(lacking) == 1
        tiers = {s.tier for s in fed.lacking if isinstance(s, FactSource) or not s.feed} - {"free"}
        if tiers:
            dearer = " or ".join(tier.capitalize() for tier in sorted(tiers))
            yield f"HubSpot {dearer} has {names}; without it, name another property in the rulebook."
        else:
            what, them, word = ("property", "it", "name") if one else ("properties", "them", "names")
            yield f"The portal has no {what} {names}; create {them}, or correct the {word} in the rulebook."


def _rule_document(fed: Fed, lacking: Sequence[str]) -> dict[str, object]:
    return {
        "rule": fed.rule.key,
        "label": fed.rule.label,
        "state": fed.fitness,
        "fed_by": fed_by(fed),
        "sources": [_source_document(source) for source in fed.by],
        "lacking": [_source_document(source) for source in fed.lacking],
        "properties_lacking": list(lacking),
        "tier": fed.tier,
        "advice": list(_advice_on(fed, lacking)),
    }


def _source_document(source: FactSource | EngagementSource) -> dict[str, object]:
    if isinstance(source, FactSource):
        return {"list": source.list_id} if source.list_id else {"properties": list(source.from_)}
    if source.feed:
        return {"feed": source.feed, "act": source.act, "named": list(source.named)}
    names = (source.count, *source.at, source.name, source.lasts_until)
    return {"properties": list(dict.fromkeys(name for name in names if name))}


def _feed_document(feed: FeedFound, every_s: float) -> dict[str, object]:
    return {
        "feed": feed.feed,
        "acts": sorted(feed.acts),
        "answers": feed.answers,
        "stale": feed.is_stale,
        "problem": feed.problem or None,
        "tier": feed.tier,
        "acts_a_request": feed.acts_a_request,
        "requests_at_rest": feed.requests_at_rest,
        "requests_a_day": feed.requests_a_day(every_s),
    }


def _feed_row(feed: FeedFound, every_s: float) -> Sequence[object]:
    acts = ", ".join(sorted(feed.acts))
    if feed.is_stale:
        return "!!", feed.feed, None, None, "stale: see above"
    match feed.answers:
        case True:
            return "ok", feed.feed, feed.requests_a_day(every_s), feed.acts_a_request, f"answers; read for: {acts}"
        case None:
            return "--", feed.feed, feed.requests_a_day(every_s), feed.acts_a_request, feed.problem
        case False:
            return "--", feed.feed, None, None, feed.problem
