# Homeroom. `make help` says what there is; CONTRIBUTING.md says how it is used.

PYTHON ?= python3
VENV ?= .venv
DATA ?= homeroom-data
HOST ?= 127.0.0.1
PORT ?= 8000
JOBS ?= auto
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
SOURCES := src tests scripts benchmarks
NODE_CLIENTS := tests/clients/node/node_modules/.package-lock.json
NODE_PEERS := benchmarks/node/node_modules/.package-lock.json

MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

## Use
.PHONY: help run
help: ## say what there is
	@awk -F ':.*## ' '/^## /{print "\n" substr($$0, 4)} /^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "Variables: PYTHON=$(PYTHON) VENV=$(VENV) HOST=$(HOST) PORT=$(PORT) DATA=$(DATA) JOBS=$(JOBS) ARGS=..."

run: $(VENV)/.homeroom ## make .venv, fill a small school, serve it
	@exec $(BIN)/homeroom serve --demo --data $(DATA) --host $(HOST) --port $(PORT) $(ARGS)

## Work on it
.PHONY: setup test check format
setup: $(VENV)/.dev $(VENV)/.homeroom ## make .venv with everything that the checks need
	@:

test: setup node-clients-or-not ## run the suite: on SQLite, and on PostgreSQL where there is one (ARGS="-k users")
	@PYTHON=$(BIN)/python scripts/test.sh -n $(JOBS) $(ARGS)

check: format-check lint types layers locks specs test ## all that CI asks for, but for the wheel and the audit

format: $(VENV)/.dev ## put the code into shape
	@$(BIN)/ruff check --quiet --fix-only $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

## One check alone
.PHONY: format-check lint types layers locks specs wheel audit
format-check: $(VENV)/.dev ## is the code in shape?
	@$(BIN)/ruff format --check $(SOURCES)

lint: $(VENV)/.dev ## ruff
	@$(BIN)/ruff check $(SOURCES)

types: setup ## mypy, strictly
	@$(BIN)/mypy

layers: setup ## does every module stand on the ones below it only?
	@$(BIN)/lint-imports

locks: $(VENV)/.dev ## do the lock files say what pyproject.toml says, and name no registry?
	@$(BIN)/python scripts/check_locks.py

specs: ## does every cited section of docs/spec exist, and does a test hold it?
	@$(PYTHON) scripts/check_spec_markers.py

wheel: setup ## build the wheel into dist/, install it into a fresh venv, serve from it
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	@$(BIN)/python scripts/check_wheel.py dist/*.whl

audit: setup ## are there known holes in what Homeroom runs on? (ARGS=--allow-unreachable without the internet)
	@$(BIN)/python scripts/audit.py $(ARGS)

## Torture
.PHONY: torture
torture: setup ## change everything at once, kill -9 in between, and look at what is left (ARGS="--rounds 40")
	@PYTHON=$(BIN)/python MODULE=tests.torture scripts/test.sh $(ARGS)

## Measure
.PHONY: bench bench-million
bench: setup $(VENV)/.bench $(NODE_PEERS) ## against the limits and the peers, in one run
	@$(BIN)/python -m benchmarks $(ARGS)

bench-million: setup $(VENV)/.bench ## with a million users
	@$(BIN)/python -m benchmarks.million $(ARGS)

## Keep house
.PHONY: lock screenshots clean
lock: .tools/lock/.made ## lock the dependencies again (UPGRADE=1: the newest of each)
	@UV=.tools/lock/bin/uv UPGRADE=$(UPGRADE) scripts/lock.sh

screenshots: setup ## take the pictures in docs/images again, with Chromium
	@$(BIN)/python scripts/take_screenshots.py

clean: ## remove all that make made; schools stay
	@[ ! -e .tools/pg/cluster.json ] || $(PYTHON) scripts/find_postgresql.py --stop
	@rm -rf $(VENV) .tools dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@rm -rf tests/clients/node/node_modules benchmarks/node/node_modules
	@find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

# The venv is made anew only when what Homeroom runs on changes; tools for developing are added when first asked for.

$(VENV)/.run: requirements/run.txt
	@PYTHON="$(PYTHON)" scripts/make_venv.sh $(VENV) requirements/run.txt
	@touch $@

$(VENV)/.homeroom: pyproject.toml $(VENV)/.run
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	@echo "Adding what the checks need to $(VENV)."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.dev
	@echo "Adding the benchmarks' peers to $(VENV)."
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

.tools/lock/.made: requirements/lock.txt
	@PYTHON="$(PYTHON)" scripts/make_venv.sh .tools/lock requirements/lock.txt
	@touch $@

.PHONY: node-clients node-clients-or-not
node-clients: $(NODE_CLIENTS)
	@:

node-clients-or-not:
	@$(MAKE) node-clients || echo "The tests that need them will say so."

%/node_modules/.package-lock.json: %/package-lock.json
	@command -v npm >/dev/null || { echo "There is no npm here, so the packages of $* are not installed."; exit 1; }
	@echo "Installing the packages of $*."
	@cd $* && npm ci --silent
	@touch $@
