# Everything a person does with this repository; `make` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEEDED := --contacts 500 --seed 1
SEEDS ?= 100
DATABASE ?= sqlite
CONTACTS ?= 200000
# With hashes pip installs nothing but the very files that were chosen.
LOCKED := --quiet --universal --python-version 3.11 --no-header --no-annotate --generate-hashes --upgrade

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox check test test-fast test-switches simulate test-postgres golden docs bench bench-compare bounds installed lock audit clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-15s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "scoreline needs Python 3.11 or later; this is %d.%d. Name another with: make PYTHON=python3.11 …" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.dev ## a virtual environment in .venv with everything in it

demo: $(VENV)/.runtime ## the whole main job on an embedded sandbox portal, no account needed
	$(BIN)/scoreline demo $(SEEDED)

sandbox: $(VENV)/.runtime ## serve a sandbox portal until Ctrl-C
	$(BIN)/scoreline sandbox $(SEEDED)

check: $(VENV)/.dev ## lint, format, types, the drawing of the house, the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 tests/unit tests/golden tests/architecture

# Twice as many at a time as there are cores: half of the time a test waits for a server, a process or a lag.
test: $(VENV)/.dev ## all tests, PostgreSQL included
	$(BIN)/python -m pytest -n 4 --dist worksteal

test-fast: $(VENV)/.dev ## the tests of the pure parts
	$(BIN)/python -m pytest tests/unit tests/golden

test-switches: $(VENV)/.dev ## the acceptance suite under every switch of the sandbox, in five groups (half an hour)
	$(BIN)/python -m tests.every_switch

simulate: $(VENV)/.dev ## the worker against everything that may go wrong, in virtual time: make simulate SEEDS=1000 DATABASE=postgresql
	$(BIN)/python -m tests.simulation --mutants --database $(DATABASE)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --database $(DATABASE)

test-postgres: $(VENV)/.dev ## the store's contract suite on a PostgreSQL of its own
	$(BIN)/python -m pytest -m postgres

golden: $(VENV)/.dev ## write the golden breakdowns anew; read their diff
	$(BIN)/python -m tests.golden

docs: $(VENV)/.dev ## hold README and docs to what the program does
	$(BIN)/python -m pytest tests/docs

bench: $(VENV)/.dev ## what passes cost and how they keep to the limits (CONTACTS=200000: an hour); how soon changes are answered; the sandbox; kept acts; what-if
	$(BIN)/python -m benchmarks.resyncing
	$(BIN)/python -m benchmarks.resyncing --contacts $(CONTACTS) --events 2 --passes 2 --tier professional --limited --latency-ms 150
	$(BIN)/python -m benchmarks.resyncing --contacts $(CONTACTS) --events 2 --passes 2 --tier free --limited --latency-ms 150
	$(BIN)/python -m benchmarks.sharing
	$(BIN)/python -m benchmarks.reacting
	$(BIN)/python -m benchmarks.sandbox_serving
	$(BIN)/python -m benchmarks.sandbox_listings
	$(BIN)/python -m benchmarks.trace_keeping
	$(BIN)/python -m benchmarks.what_if

bench-compare: $(VENV)/.dev ## scoreline beside tap-hubspot, dlt and a plain script; installs them in a folder of their own
	$(BIN)/python -m benchmarks.comparing

bounds: $(VENV)/.dev ## whether passes over a few thousand contacts take no more requests than they need
	$(BIN)/python -m benchmarks.resyncing --contacts 2000 --events 3 --check
	$(BIN)/python -m benchmarks.resyncing --contacts 12000 --events 0.1 --passes 2 --check

installed: $(VENV)/.dev ## whether pip installs all that there is, outside this folder
	rm -rf $(VENV)/installed && $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(VENV)/installed .
	$(BIN)/python -m tests.installed $(VENV)/installed

lock: $(VENV)/.dev ## choose the newest allowed versions and write them down
	$(BIN)/uv pip compile $(LOCKED) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile $(LOCKED) --extra dev pyproject.toml -o requirements-dev.lock

audit: $(VENV)/.dev ## known vulnerabilities of every locked dependency, by asking PyPI
	@$(BIN)/uv tool run pip-audit==2.10.1 --strict --require-hashes --disable-pip -r requirements-dev.lock || \
	{ echo "Either a dependency has a known vulnerability or PyPI could not be asked of each: the lines above say which."; exit 1; }

clean: ## remove what the targets made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
