# Everything is installed into .venv from requirements.lock. Nothing outside this checkout changes.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test check soak bench lint ui settings screenshots lock clean

demo: $(READY)
	$(BIN)/sf-insights demo

# Hundreds of tests start processes, each of which would compile the package again where Python may not write bytecode.
test check soak bench: export PYTHONDONTWRITEBYTECODE =

# worksteal: a worker that has nothing left takes over half of what waits for another.
# Three workers on two cores: many tests wait, for a daemon, a browser or a retry.
test: $(READY) lint
	$(BIN)/pytest -n 3 --dist worksteal

# Within a minute, while you edit: lint, types, the rules, and two days of one real sync.
check: $(READY) lint
	$(BIN)/pytest -n 2 --dist worksteal sf_insights_tests/domain \
	    sf_insights_tests/pipeline/values/test_daily_sync.py::test_every_value_equals_the_orgs_on_two_days

# Every test with every case: a hundred kills, every statement failing, every damage, hundreds of runs of a part of the
# assets, sixty random days, 860 outbound runs beside a model, a month of a lake. `make test` runs a part of each.
soak: $(READY)
	SF_INSIGHTS_SOAK=1 $(BIN)/pytest -n 2 --dist worksteal

# Takes about an hour. docs/performance.md explains what it measures, and has the results.
bench: $(READY)
	$(BIN)/python -m benchmarks --json data/bench/figures.json

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ui: $(READY)
	$(BIN)/sf-insights ui

settings: $(READY)
	$(BIN)/sf-insights settings

# Takes the pictures in docs/images from a demo org. Needs chromium.
screenshots: $(READY)
	$(BIN)/python -m sf_insights_tests.screenshots

# uv takes a third of pip's time. It does not read pip's own settings, so pip does what uv cannot.
install = $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode $(1) \
    || $(BIN)/pip install --quiet --disable-pip-version-check $(1)

$(READY): installer.lock requirements.lock sf_insights_tests/duckdb-2.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("sf_insights needs Python 3.11 to 3.13; name one: make PYTHON=python3.12" if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r installer.lock
	$(call install,--require-hashes -r requirements.lock)
	$(call install,--require-hashes --target $(VENV)/duckdb-2 -r sf_insights_tests/duckdb-2.lock)
	$(call install,--no-deps --no-build-isolation --editable .)
	touch $@

# Resolves all dependencies again, for every supported Python. duckdb stays at 1.5.5, whose files every current driver opens.
lock:
	$(PYTHON) -m venv .lock && .lock/bin/pip install --quiet --require-hashes -r installer.lock
	echo 'duckdb==1.5.5' > .lock/constraints
	.lock/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --extra dev --extra lake --extra postgres \
	    --no-header --no-annotate --no-strip-extras --constraint .lock/constraints --output-file requirements.lock pyproject.toml
	rm -rf .lock

clean:
	rm -rf $(VENV) .dagster data/demo
