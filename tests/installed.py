"""Whether what pip has installed into a folder is all that there is, and works from there.

`python -m tests.installed FOLDER`; `make installed` installs there first. An editable installation, as tests have it,
cannot tell: it finds every file where it is written.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("config", "sandbox", "scoring", "sync", "workflows")


def missing(folder: Path) -> Iterator[Path]:
    """The files of our packages that are not there."""
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*"):
            within = file.relative_to(ROOT)
            if file.is_file() and "__pycache__" not in within.parts and not (folder / within).exists():
                yield within


def main() -> int:
    folder = Path(sys.argv[1]).resolve()
    lacking = list(missing(folder))
    for file in lacking:
        sys.stderr.write(f"pip does not install {file}\n")
    with tempfile.TemporaryDirectory() as elsewhere:
        command = [sys.executable, "-m", "sync", "rulebook", "check", "default"]
        ran = subprocess.run(command, cwd=elsewhere, env={"PYTHONPATH": str(folder)}, check=False)
    return 1 if lacking else ran.returncode


if __name__ == "__main__":
    sys.exit(main())
