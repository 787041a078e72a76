"""Five themes of the worker's acceptance suite with every switch of the sandbox turned, one after another.

`python -m tests.every_switch [PYTEST ARGUMENT …]`; without arguments, the themes that HubSpot's behaviour bears on.
Prints a line for each switch; exits 1 if a test failed under one. Takes several minutes, so `make test` runs one story
for each switch instead (tests/acceptance/test_switches.py).
"""

import json
import os
import subprocess
import sys

from tests.acceptance.test_switches import OTHER

THEMES = ("resync", "stages", "feedback", "promises", "selections")


def main(arguments: list[str]) -> int:
    """Run the suite once for each switch, and return the exit status."""
    files = arguments or [f"tests/acceptance/test_{theme}.py" for theme in THEMES]
    worst = 0
    for name, setting in OTHER.items():
        turned = {"SANDBOX_SWITCHES": json.dumps({name: setting})}
        command = [sys.executable, "-m", "pytest", "-n", "2", *files]
        ended = subprocess.run(command, env=os.environ | turned, capture_output=True, text=True, check=False)
        told = [line for line in ended.stdout.splitlines() if line.startswith("FAILED") or " passed" in line]
        sys.stdout.write(f"{name}={setting}: {'; '.join(told[-12:]) or ended.stdout[-300:]}\n")
        sys.stdout.flush()
        worst = max(worst, min(ended.returncode, 1))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
