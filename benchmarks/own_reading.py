"""scoreline's own reading of every contact, with their companies and nothing else: what a pass begins with."""

from config import load_settings
from sync.bootstrap import opened_world


def main() -> None:
    with opened_world(load_settings(), writes=False) as world:
        for _ in world.reader.every():
            pass


if __name__ == "__main__":
    main()
