"""A HubSpot portal of our own over HTTP, for tests, demos and rehearsals; it knows nothing of the worker."""

from sandbox.clock import Clock
from sandbox.csv_portal import load_csv
from sandbox.faults import Fault
from sandbox.generator import generate
from sandbox.portal import Portal
from sandbox.server import SandboxServer, serve_forever
from sandbox.stages import Stage

__all__ = ["Clock", "Fault", "Portal", "SandboxServer", "Stage", "generate", "load_csv", "serve_forever"]
