"""`python -m sync` is `scoreline`."""

from sync.cli import main

if __name__ == "__main__":
    main()
