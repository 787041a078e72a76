"""The rulebook against the portal: stages and properties that it names and the portal does not have. Pure."""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from config.rulebook import Rulebook
from config.rulebook_mistakes import Mistake
from config.rulebook_names import nearest
from scoring import FORM, Names

LATER_ROLES = ("surge",)
"""Properties of ours that an earlier release did not have. A portal may lack them: then they are not written."""

GRADES = tuple(f"{fit}{activity}" for fit in "ABCD" for activity in "1234")


def stage_problems(rulebook: Rulebook, stages: Sequence[str]) -> Iterator[str]:
    """A sentence for every managed stage that the portal does not have."""
    for stage in rulebook.policy.managed:
        if stage not in stages:
            yield (
                f"The rulebook puts leads into the lifecycle stage {stage!r}, which this portal does not have "
                f"(it has: {', '.join(stages)}). Name one of these under `policy.stages` in the rulebook, or add "
                "the stage in HubSpot."
            )


def property_problems(
    rulebook: Rulebook, properties: Collection[str], options: Mapping[str, Collection[str]]
) -> Iterator[str]:
    """A sentence for every property or option of ours that the portal lacks; `scoreline provision` mends them all."""
    names = rulebook.properties
    later = {names[role] for role in LATER_ROLES if role in names}
    if missing := sorted(set(rulebook.written) - set(properties) - (later if names["score"] in properties else set())):
        yield f"This portal lacks {_count(missing, 'property', 'properties')} of ours: {', '.join(missing)}."
    grade = names["grade"]
    if grade in properties and (lacking := [g for g in GRADES if g not in options.get(grade, GRADES)]):
        yield f"The property {grade} lacks {_count(lacking, 'option', 'options')}: {', '.join(lacking)}."


def later_properties(rulebook: Rulebook, properties: Collection[str]) -> Sequence[str]:
    """Those of our newer properties that a portal lacks which has the older ones: nothing is written to them."""
    names = rulebook.properties
    later = [names[role] for role in LATER_ROLES if role in names]
    return [name for name in later if name not in properties] if names["score"] in properties else []


def as_far_as_provisioned(rulebook: Rulebook, properties: Collection[str]) -> Rulebook:
    """The rulebook without the newer properties that this portal lacks."""
    lacking = later_properties(rulebook, properties)
    return replace(rulebook, properties={r: name for r, name in rulebook.properties.items() if name not in lacking})


def unknown_stages(rulebook: Rulebook, stages: Sequence[str]) -> Iterator[Mistake]:
    """Every managed stage that the portal does not have, by its place in the rulebook."""
    policy = rulebook.policy
    named = {
        "subscriber": policy.subscriber,
        "lead.stage": policy.lead,
        "mql.stage": policy.mql.stage,
        "sql.stage": policy.sql.stage,
    }
    for key, stage in named.items():
        if stage not in stages:
            expected = f"a stage of the portal: {nearest(stage, stages)}"
            yield Mistake(path=f"policy.stages.{key}", found=repr(stage), expected=expected)


def unknown_forms(rulebook: Rulebook, forms: Mapping[str, str]) -> Iterator[Mistake]:
    """Every form that the rulebook names and that is none of these, given as names by id."""
    ids = {form_id.lower() for form_id in forms}
    for key, names in rulebook.rubric.forms.items():
        for form_id in sorted(names.ids - ids):
            yield Mistake(path=f"forms.{key}", found=f"the id {form_id!r}", expected="the id of a form of the portal")
        for name in sorted(names.whole):
            if not any(Names(whole=frozenset({name})).are_of(each) for each in forms.values()):
                close = difflib.get_close_matches(name, [each.lower() for each in forms.values()], n=1)
                expected = "the whole name of a form of the portal" + "".join(f": {each}, perhaps" for each in close)
                yield Mistake(path=f"forms.{key}", found=f"the name {name!r}", expected=expected)


def forms_without_class(rulebook: Rulebook, forms: Mapping[str, str]) -> Mapping[str, str]:
    """Those of these forms, given as names by id, that no class of the rulebook has."""
    rubric = rulebook.rubric
    return {form_id: name for form_id, name in forms.items() if rubric.class_of(FORM, name, form_id) is None}


def _count(things: Sequence[str], one: str, many: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else many}"
