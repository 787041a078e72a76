"""The portal's lifecycle stages: their order, and which way is forward."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sandbox.definitions import Definition, Option
from sandbox.errors import Json
from sandbox.times import to_iso

PIPELINE_ID = "contacts-lifecycle-pipeline"
DATES_GROUP = "contactlcs"
ENTERED_CURRENT = "hs_v2_date_entered_current_stage"


@dataclass(frozen=True, slots=True)
class Stage:
    """A lifecycle stage under its internal name; a custom one has a numeric name."""

    id: str
    label: str


DEFAULT_STAGES = (
    Stage("subscriber", "Subscriber"),
    Stage("lead", "Lead"),
    Stage("marketingqualifiedlead", "Marketing Qualified Lead"),
    Stage("salesqualifiedlead", "Sales Qualified Lead"),
    Stage("opportunity", "Opportunity"),
    Stage("customer", "Customer"),
    Stage("evangelist", "Evangelist"),
    Stage("other", "Other"),
)


def entered(stage_id: str) -> str:
    return f"hs_v2_date_entered_{stage_id}"


def exited(stage_id: str) -> str:
    return f"hs_v2_date_exited_{stage_id}"


def latest_time_in(stage_id: str) -> str:
    return f"hs_v2_latest_time_in_{stage_id}"


def cumulative_time_in(stage_id: str) -> str:
    return f"hs_v2_cumulative_time_in_{stage_id}"


def became(stage_id: str) -> str:
    """The older "Became a … date": in answers of 2025-11 (amp-labs/connectors), in no property list of 2026-02."""
    return f"hs_lifecyclestage_{stage_id}_date"


def is_backward(stages: Sequence[Stage], old: str, new: str) -> bool:
    """Whether a move goes to an earlier stage; to or from no stage, or a stage that is gone, never does."""
    order = {stage.id: place for place, stage in enumerate(stages)}
    return old in order and new in order and order[new] < order[old]


def stage_property(stages: Sequence[Stage], group: str) -> Definition:
    """The property `lifecyclestage`, whose options are the stages in their order."""
    return Definition(
        name="lifecyclestage",
        label="Lifecycle Stage",
        type="enumeration",
        field_type="radio",
        group=group,
        options=tuple(Option(value=s.id, label=s.label, display_order=place) for place, s in enumerate(stages)),
        external_options=True,
        read_only_definition=True,
        hubspot_defined=True,
        form_field=True,
    )


def stage_date_properties(stages: Sequence[Stage]) -> Iterator[Definition]:
    """When a contact entered and left each stage, and for how many milliseconds it was there; all read-only."""
    yield _history(ENTERED_CURRENT, "Date entered current stage", "datetime", "calculation_equation", calculated=True)
    for stage in stages:
        yield _history(entered(stage.id), f'Date entered "{stage.label}"', "datetime", "date")
        yield _history(exited(stage.id), f'Date exited "{stage.label}"', "datetime", "date")
        yield _history(latest_time_in(stage.id), f'Latest time in "{stage.label}"', "number", "number")
        yield _history(cumulative_time_in(stage.id), f'Cumulative time in "{stage.label}"', "number", "number")
        yield replace(_history(became(stage.id), f'Became "{stage.label}"', "datetime", "date"), listed=False)


def _history(name: str, label: str, type_: str, field_type: str, *, calculated: bool = False) -> Definition:
    # Recorded in 2026-02: only the entry into the current stage is called calculated (estuary/connectors).
    return Definition(
        name=name,
        label=label,
        type=type_,
        field_type=field_type,
        group=DATES_GROUP,
        calculated=calculated,
        read_only=True,
        read_only_definition=True,
        hubspot_defined=True,
    )


def pipeline(stages: Sequence[Stage]) -> Json:
    """The stages as the one pipeline of `GET /crm/v3/pipelines/contacts`."""
    return pipeline_json(PIPELINE_ID, "Lifecycle Stage Pipeline", [(stage.id, stage.label, {}) for stage in stages])


def pipeline_json(pipeline_id: str, label: str, stages: Sequence[tuple[str, str, Json]]) -> Json:
    """A pipeline as HubSpot tells it, of stages with their ids, labels and metadata."""
    born = to_iso(0)
    dated = {"archived": False, "createdAt": born, "updatedAt": born}
    return {
        "id": pipeline_id,
        "label": label,
        "displayOrder": 0,
        **dated,
        "stages": [
            {"id": stage_id, "label": named, "displayOrder": place, "metadata": metadata, **dated}
            for place, (stage_id, named, metadata) in enumerate(stages)
        ],
    }
