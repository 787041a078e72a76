"""The rulebook against the portal: stages and properties that it names and the portal does not have. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from config.rulebook import Rulebook

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
    if missing := sorted(set(rulebook.written) - set(properties)):
        yield f"This portal lacks {_count(missing, 'property', 'properties')} of ours: {', '.join(missing)}."
    grade = names["grade"]
    if grade in properties and (lacking := [g for g in GRADES if g not in options.get(grade, GRADES)]):
        yield f"The property {grade} lacks {_count(lacking, 'option', 'options')}: {', '.join(lacking)}."


def _count(things: Sequence[str], one: str, many: str) -> str:
    return f"{len(things)} {one if len(things) == 1 else many}"
