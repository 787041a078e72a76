"""Who else has a hand in contacts: people, workflows, imports, other integrations; and how contacts come and go.

An act takes the portal, a source of chance and a contact's id, and returns the id of the contact that it happened to.
"""

from random import Random

from sandbox.definitions import Definition
from sandbox.happenings import held
from sandbox.portal import Portal
from sandbox.records import IMPORTED
from sandbox.times import to_ms
from sandbox.writing import STAGE, change


def person_set_stage(portal: Portal, random: Random, contact: str) -> str:
    """Any stage by hand, also an earlier one; sometimes none."""
    stage = "" if random.random() < 0.1 else random.choice(portal.stages).id
    users = [owner.user_id for owner in portal.owners] or [61_001]
    portal.person_sets(contact, STAGE, stage, user_id=random.choice(users))
    return contact


def workflow_set_stage(portal: Portal, random: Random, contact: str) -> str:
    """A workflow sets one of the first stages; for an earlier one it clears first, as an integration must."""
    stage = random.choice(portal.stages[:4]).id
    if random.random() < 0.5:
        portal.workflow_sets(contact, STAGE, "")
    portal.workflow_sets(contact, STAGE, stage)
    return contact


def integration_interfered(portal: Portal, random: Random, contact: str) -> str:
    """Another integration writes what is not its own: the stage, or a number that somebody else keeps."""
    numbers = [each.name for each in _own(portal) if each.type == "number"]
    name = random.choice([STAGE, *numbers])
    if name != STAGE:
        portal.integration_sets(contact, name, random.randint(0, 100))
        return contact
    portal.integration_sets(contact, STAGE, "")
    portal.integration_sets(contact, STAGE, random.choice(portal.stages[:4]).id)
    return contact


def box_ticked(portal: Portal, random: Random, contact: str) -> str:
    """A person ticks one of the portal's own boxes, or takes the tick away."""
    name = random.choice([each.name for each in _own(portal) if _is_box(each)])
    portal.person_sets(contact, name, "" if held(portal, contact, name) == "true" else "true")
    return contact


def profile_imported(portal: Portal, random: Random, contact: str) -> str:
    """An import updates who somebody is; not every value makes sense."""
    values = {
        "jobtitle": random.choice(("CFO", "Head of Marketing", "Student", "Software Engineer", "asdf")),
        "country": random.choice(("Germany", "France", "Japan", "")),
        "numemployees": random.choice(("1-5", "50-100", "1000+")),
        "annualrevenue": random.choice(("1,200,000", "N/A", "900000")),
    }
    chosen = {name: values[name] for name in random.sample(sorted(values), 2)}
    record, now = portal.contact(contact), to_ms(portal.clock.now())
    change(portal, portal.contacts, record, chosen, IMPORTED, at_ms=now)
    return contact


# Contacts that come and go.


def contact_imported(portal: Portal, random: Random, _: str) -> str:
    """Somebody new, in the stage that new contacts get or in none; the contact given plays no part."""
    number = random.getrandbits(40)
    stage = random.choices([portal.default_stage, None, portal.stages[0].id], [6, 2, 2])[0]
    return portal.add_contact(
        email=f"new.{number:010x}@prospect{number % 50}.example",
        firstname="New",
        jobtitle=random.choice(("CEO", "Analyst", None)),
        lifecyclestage=stage,
        hs_analytics_source="OFFLINE",
    )


def merged(portal: Portal, random: Random, contact: str) -> str:
    """Another contact is merged into this one, which may get a new id by that."""
    other = contact
    while other == contact:
        other = str(portal.contacts.anybody(random))
    return portal.merge(contact, other)


def deleted(portal: Portal, _: Random, contact: str) -> str:
    portal.delete(contact)
    return contact


def deleted_for_privacy(portal: Portal, _: Random, contact: str) -> str:
    portal.delete(contact, for_privacy=True)
    return contact


def has_boxes(portal: Portal) -> bool:
    """Whether the portal has a box of its own to tick."""
    return any(map(_is_box, _own(portal)))


def _own(portal: Portal) -> list[Definition]:
    """The properties that are not HubSpot's."""
    return [each for each in portal.contacts.definitions.list() if not each.hubspot_defined]


def _is_box(definition: Definition) -> bool:
    return definition.field_type == "booleancheckbox"
