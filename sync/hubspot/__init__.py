"""The only code that knows HubSpot's client, limits and quirks; its strings become our values here."""

from sync.hubspot.building import RecordBuilder
from sync.hubspot.companies import HubSpotCompanies
from sync.hubspot.connection import Connection, connect
from sync.hubspot.diagnosis import Check, Diagnosis, diagnose
from sync.hubspot.feeds import feeds_of
from sync.hubspot.fitting import (
    FeedFound,
    Fitting,
    PropertyLacking,
    mistakes_against,
    properties_lacking,
    unnamed_forms,
)
from sync.hubspot.limits import Budget
from sync.hubspot.portal import Account, HubSpotPortal, account
from sync.hubspot.provisioning import provision
from sync.hubspot.reading import HubSpotReader
from sync.hubspot.wanted import sources_read
from sync.hubspot.writing import HubSpotWriter

__all__ = [
    "Account",
    "Budget",
    "Check",
    "Connection",
    "Diagnosis",
    "FeedFound",
    "Fitting",
    "HubSpotCompanies",
    "HubSpotPortal",
    "HubSpotReader",
    "HubSpotWriter",
    "PropertyLacking",
    "RecordBuilder",
    "account",
    "connect",
    "diagnose",
    "feeds_of",
    "mistakes_against",
    "properties_lacking",
    "provision",
    "sources_read",
    "unnamed_forms",
]
