"""What a pass keeps of the contacts that it read, so that another rulebook can be tried on them."""

from collections.abc import Sequence

from sync.evaluation import Evaluation
from sync.sheets import Heading, sheet_of
from sync.world import World


def keep_read(world: World, evaluations: Sequence[Evaluation]) -> None:
    """Keep what was read of these contacts. Of those who are left alone nothing is kept, nor what was before."""
    heading = Heading.of(world.rulebook, world.facts)
    scored = [e.record for e in evaluations if e.decision.score is not None]
    world.sheets.keep(heading, (sheet_of(record.contact, record.standing, heading) for record in scored))
    world.sheets.forget(e.record.id for e in evaluations if e.decision.score is None)
