"""A HubSpot portal of our own over HTTP, for tests, demos and rehearsals.

It knows nothing of the worker but the property that sales answer with.
"""

from sandbox.clock import Clock
from sandbox.csv_portal import Loaded, load_csv
from sandbox.fault_reading import FaultMistakesError, read_faults
from sandbox.faults import Fault
from sandbox.generator import generate
from sandbox.living import RATE_MAX, Life, living
from sandbox.portal import Portal
from sandbox.server import SandboxServer, serve_forever
from sandbox.stages import Stage

__all__ = [
    "RATE_MAX",
    "Clock",
    "Fault",
    "FaultMistakesError",
    "Life",
    "Loaded",
    "Portal",
    "SandboxServer",
    "Stage",
    "generate",
    "living",
    "load_csv",
    "read_faults",
    "serve_forever",
]
