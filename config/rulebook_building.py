"""From a rulebook's checked shape to the typed values that scoring and workflows read."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from config.rulebook_rules import (
    CaseShape,
    CountRuleShape,
    DecayShape,
    EngagementRuleShape,
    FactRuleShape,
    RecencyRuleShape,
    RuleShape,
    SilenceRuleShape,
)
from config.rulebook_shape import PolicyShape, RulebookShape, SurgeShape
from config.rulebook_sources import FormShape
from scoring import (
    FORM,
    PAGE,
    AllOf,
    AnyOf,
    Between,
    Cap,
    Case,
    Condition,
    CountRange,
    CountRule,
    Decay,
    EngagementRule,
    FactRule,
    FurtherScore,
    Given,
    Grading,
    Group,
    HalfLife,
    Is,
    Level,
    Linear,
    Mentions,
    Names,
    Phrases,
    RecencyBand,
    RecencyRule,
    Rubric,
    Rule,
    SilenceRule,
    SurgeRule,
)
from workflows import Band, Exclusions, Feedback, Gates, Policy


def build_rubric(shape: RulebookShape) -> Rubric:
    """The rubric of a rulebook whose shape holds."""
    recency = {key: _recency_rule(key, rule) for key, rule in shape.rules.items() if isinstance(rule, RecencyRuleShape)}
    groups = shape.groups.items()
    return Rubric(
        groups={
            key: Group(label=g.label, part=g.part, points_max=g.points_max, points_min=g.points_min)
            for key, g in groups
        },
        rules=tuple(_rule(key, rule, recency) for key, rule in shape.rules.items()),
        caps={
            key: Cap(
                label=cap.label,
                group=shape.rules[cap.rules[0]].group,
                rules=frozenset(cap.rules),
                points_max=cap.points_max,
            )
            for key, cap in shape.caps.items()
        },
        forms={key: _forms(entries) for key, entries in shape.forms.items()},
        pages={key: Names(phrases=Phrases(tuple(texts))) for key, texts in shape.pages.items()},
        total=Group(
            label="Total", part="adjustment", points_max=shape.total.points_max, points_min=shape.total.points_min
        ),
        scores={
            key: FurtherScore(label=score.label, property=score.property, of=score.of, groups=tuple(score.groups))
            for key, score in shape.scores.items()
        },
        surge=_surge(shape.policy.surge),
        grading=Grading(fit=_three(shape.grade.fit), activity=_three(shape.grade.activity), best=shape.grade.best),
    )


def build_policy(shape: PolicyShape) -> Policy:
    """The policy of a rulebook whose shape holds; what only the portal knows is still empty."""
    stages, gates, exclusions = shape.stages, shape.gates, shape.exclusions
    return Policy(
        subscriber=stages.subscriber,
        lead=stages.lead.stage,
        lead_enter=stages.lead.enter,
        mql=Band(stage=stages.mql.stage, enter=stages.mql.enter, exit=stages.mql.exit),
        sql=Band(stage=stages.sql.stage, enter=stages.sql.enter, exit=stages.sql.exit),
        gates=Gates(
            fit_min=gates.fit_min,
            fit_or_mofu=gates.fit_or_mofu,
            intent_days=gates.intent_days,
            origin_groups=frozenset(gates.origin_groups),
        ),
        feedback=Feedback(**shape.feedback.model_dump()),
        exclusions=Exclusions(
            own_domains=frozenset(exclusions.own_domains),
            partner_domains=frozenset(exclusions.partner_domains),
            competitor_domains=frozenset(exclusions.competitor_domains),
            free_mail_domains=frozenset(exclusions.free_mail_domains),
            partner_company_types=frozenset(exclusions.partner_company_types),
            competitor_company_types=frozenset(exclusions.competitor_company_types),
        ),
        human_hold_days=shape.human_hold_days,
        moves=shape.moves,
        clearing=shape.clearing,
        min_delta=shape.min_delta,
        surge_skips_mql=shape.surge is not None and shape.surge.skips_mql,
    )


def _forms(entries: Sequence[FormShape | str]) -> Names:
    """A class of forms: some by their id, some by their whole name, and those in whose name a phrase stands."""
    forms = [entry for entry in entries if isinstance(entry, FormShape)]
    return Names(
        ids=_lower(form.id for form in forms if form.id),
        whole=_lower(form.name for form in forms if form.name),
        phrases=Phrases(tuple(entry for entry in entries if isinstance(entry, str))),
    )


def _surge(shape: SurgeShape | None) -> SurgeRule | None:
    return None if shape is None else SurgeRule(**shape.model_dump(exclude={"skips_mql"}))


class _Head(TypedDict):
    key: str
    label: str
    group: str
    level: Level | None
    intent: bool


def _head(key: str, rule: RuleShape) -> _Head:
    return _Head(key=key, label=rule.label, group=rule.group, level=rule.level, intent=rule.intent)


def _rule(key: str, rule: RuleShape, recency: dict[str, RecencyRule]) -> Rule:
    match rule:
        case FactRuleShape():
            cases = tuple(_case(case, rule.fact or "") for case in rule.cases)
            return FactRule(**_head(key, rule), cases=cases, silences=rule.silences)
        case EngagementRuleShape():
            return _engagement_rule(key, rule)
        case CountRuleShape():
            ranges = tuple(CountRange(low=r.min, high=r.max, points=r.points) for r in rule.ranges)
            return CountRule(**_head(key, rule), kind=rule.kind, ranges=ranges, window_days=rule.window_days)
        case SilenceRuleShape():
            return SilenceRule(
                **_head(key, rule),
                points=rule.points,
                sent=rule.sent,
                sent_min=rule.sent_min,
                touches=tuple(rule.touches),
                silent_days=rule.silent_days,
                not_with_last_band_of=recency.get(rule.not_with_last_band_of or ""),
            )
    return recency[key]


def _engagement_rule(key: str, rule: EngagementRuleShape) -> EngagementRule:
    return EngagementRule(
        **_head(key, rule),
        kind=FORM if rule.form else PAGE if rule.page else rule.kind or "",
        name_class=rule.form or rule.page,
        points=rule.points,
        points_max=rule.points_max,
        repeats=rule.repeats,
        window_days=rule.window_days,
        decay=_decay(rule.decay),
    )


def _recency_rule(key: str, rule: RecencyRuleShape) -> RecencyRule:
    bands = tuple(RecencyBand(days_max=band.days_max, points=band.points) for band in rule.bands)
    return RecencyRule(**_head(key, rule), kinds=tuple(rule.kinds), bands=bands)


def _case(case: CaseShape, fact: str) -> Case:
    return Case(fact=case.fact or fact, condition=_condition(case), points=case.points, label=case.label)


def _condition(case: CaseShape) -> Condition:
    if case.any_of is not None:
        return AnyOf(values=_lower(case.any_of))
    if case.all_of is not None:
        return AllOf(values=_lower(case.all_of))
    if case.phrases is not None:
        return Mentions(phrases=Phrases(tuple(case.phrases)))
    if case.is_ is not None:
        return Is(expected=case.is_)
    if case.given:
        return Given()
    if case.days_min is not None or case.days_max is not None:
        return Between(low=case.days_min, high=case.days_max)
    return Between(low=case.min, high=case.max)


def _decay(decay: DecayShape | None) -> Decay | None:
    if decay is None:
        return None
    if decay.lose_percent is not None and decay.per_days is not None:
        return Linear(percent=decay.lose_percent, per_days=decay.per_days, grace_days=decay.grace_days)
    return HalfLife(days=decay.half_life_days or 0, grace_days=decay.grace_days)


def _lower(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.strip().lower() for text in texts)


def _three(numbers: list[int]) -> tuple[int, int, int]:
    first, second, third = numbers
    return first, second, third
