"""The portal's own ordered stages, and which way is forward."""

from workflows.policy import Policy


def exists(stage: str, policy: Policy) -> bool:
    """Whether the portal has this stage; before the portal has been asked, every stage counts as there."""
    return not policy.portal_order or stage in policy.portal_order


def is_managed(stage: str | None, policy: Policy) -> bool:
    """Whether a lead in this stage is ours to move; a stage that the portal no longer has is nobody's."""
    return stage is None or (stage in policy.managed and exists(stage, policy))


def is_backward(from_stage: str | None, to_stage: str, policy: Policy) -> bool:
    """Whether the portal's order puts the second stage before the first."""
    order = policy.portal_order or policy.managed
    if from_stage is None or from_stage not in order or to_stage not in order:
        return False
    return order.index(to_stage) < order.index(from_stage)


def must_clear(from_stage: str | None, to_stage: str, policy: Policy) -> bool:
    """Whether the present stage has to be cleared before the new one is set."""
    if from_stage is None:
        return False
    return policy.clearing == "always" or is_backward(from_stage, to_stage, policy)
