"""The worker's acceptance suite on a portal with every switch of the sandbox turned, one after another.

`python -m tests.every_switch [SWITCH …] [-- PYTEST ARGUMENT …]`: all switches, or those whose names begin so. Prints
what failed or was left out under each, and exits 1 if anything failed. Takes a minute or two for each, so `make test`
runs one story of leads for each instead (tests/acceptance/test_switches.py).
"""

import json
import os
import subprocess
import sys

from tests.acceptance.test_switches import OTHERWISE, in_words

# Without what turns switches itself, and what tests the tests.
SUITE = (
    "tests/acceptance",
    "--ignore=tests/acceptance/test_switches.py",
    "--ignore=tests/acceptance/test_checker.py",
)


def main(arguments: list[str]) -> int:
    """Run the suite once for each switch, and return the exit status."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    wanted, more = arguments[:cut], arguments[cut + 1 :]
    chosen = [each for each in OTHERWISE if not wanted or in_words(each).startswith(tuple(wanted))]
    if not chosen:
        sys.stderr.write(f"no switch begins with {' or '.join(wanted)}\n")
        return 2
    failed = False
    for turned in chosen:
        command = [sys.executable, "-m", "pytest", "-n", "2", "-rfEs", *(more or SUITE)]
        environment = os.environ | {"SANDBOX_SWITCHES": json.dumps(turned)}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        lines = ended.stdout.splitlines()
        told = [line for line in lines if line.startswith(("FAILED tests", "ERROR tests", "SKIPPED"))]
        counted = next((line.strip("= ") for line in reversed(lines) if " passed" in line), ended.stdout[-300:])
        sys.stdout.write("\n  ".join([f"{in_words(turned)}: {counted}", *told]) + "\n")
        sys.stdout.flush()
        failed |= ended.returncode != 0  # also where it was killed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
