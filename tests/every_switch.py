"""The worker's acceptance suite on portals with every switch of the sandbox turned the other way, a group at a time.

`python -m tests.every_switch [SWITCH …] [-- PYTEST ARGUMENT …]`: all switches, many of them turned together; or only
those whose names begin so, each alone, which tells the one that makes a group fail. Prints what failed or was left out
under each, and exits 1 if anything failed, or was left out for another reason than is known. A group takes some
minutes, so `make test` runs one story of leads for each switch instead (tests/acceptance/test_switches.py).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence

from tests.acceptance.conftest import LEFT_OUT
from tests.acceptance.switches import OTHERWISE, Turned, groups, in_words
from tests.acceptance.test_real_leads import NO_LEADS

# Without what turns switches itself, and what tests the tests.
SUITE = (
    "tests/acceptance",
    "--ignore=tests/acceptance/test_switches.py",
    "--ignore=tests/acceptance/test_checker.py",
)


def main(arguments: list[str]) -> int:
    """Run the suite once for each group or switch, and return the exit status."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    wanted, more = arguments[:cut], arguments[cut + 1 :]
    chosen = [each for each in OTHERWISE if in_words(each).startswith(tuple(wanted))] if wanted else _together()
    if not chosen:
        sys.stderr.write(f"no switch begins with {' or '.join(wanted)}\n")
        return 2
    results = [_passes(turned, more or SUITE) for turned in chosen]
    return int(not all(results))


def _together() -> list[Turned]:
    return [{name: to for each in group for name, to in each.items()} for group in groups()]


def _passes(turned: Turned, which: Sequence[str]) -> bool:
    """Run the suite with these switches turned, print how it went, and tell whether all is well."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "-rfEs", *which]
    environment = os.environ | {"SANDBOX_SWITCHES": json.dumps(turned)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = ended.stdout.splitlines()
    told = [line for line in lines if line.startswith(("FAILED tests", "ERROR tests", "SKIPPED"))]
    counted = next((line.strip("= ") for line in reversed(lines) if " passed" in line), ended.stdout[-300:])
    unknown = [line for line in told if line.startswith("SKIPPED") and not _is_known(line)]
    told += [f"NOT KNOWN AS A REASON: {line}" for line in unknown]
    sys.stdout.write("\n  ".join([f"{in_words(turned)}: {counted}", *told]) + "\n")
    sys.stdout.flush()
    return ended.returncode == 0 and not unknown  # another status also where it was killed


def _is_known(skipped: str) -> bool:
    return re.sub(r"^SKIPPED \[\d+\] \S+: ", "", skipped) in (*LEFT_OUT, NO_LEADS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
