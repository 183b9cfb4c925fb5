# Everything a person types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test chaos outside check fix bench load lock

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 16

run: $(VENV)/run ## Serve the site, worker and all, with a demo on the first start (PORT=8000)
	@$(BIN)/petition run --prepare

test: $(VENV)/test ## All checks and tests, on SQLite and PostgreSQL
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pytest -n 3 --dist worksteal

chaos: $(VENV)/test ## Break databases, web servers, workers and mail under load, CHAOS_SECONDS=300 each (docs/faults.md; as root)
	@CHAOS_SECONDS=$(CHAOS_SECONDS) $(BIN)/pytest tests/chaos -m chaos -s --timeout=$$(($(CHAOS_SECONDS) * 3 + 900))
CHAOS_SECONDS ?= 300

outside: $(VENV)/test ## Tests with foreign programs that CI does not carry: LibreOffice, WordPress, Firefox, oEmbed, Prometheus (see tests/outside)
	@$(BIN)/pytest tests/outside -rs

check: $(VENV)/test ## Style, types, and whether the catalogues are complete
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m petition.translations --check

fix: $(VENV)/test ## Mend style where a machine can, and compile the catalogues
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/python -m petition.translations

bench: $(VENV)/test ## Speed, as ratios against limits measured in the same run
	@$(BIN)/python -m bench

load: $(VENV)/test ## The site under a load that it must bear: LEVEL=L0 to L6, SECONDS=60 for a shorter one (docs/load.md)
	@$(BIN)/python -m tests.chaos.load $(or $(LEVEL),L1) $(SECONDS)

lock: ## Lock the newest dependencies, with hashes and without addresses (needs uv)
	uv pip compile pyproject.toml --extra demo --extra build $(LOCKING) -o requirements.txt
	uv pip compile pyproject.toml --extra demo --extra build --extra test $(LOCKING) -o requirements-test.txt
LOCKING := --quiet --upgrade --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	--universal --python-version 3.11

# The environment is made once, and again when what it is made from changes.
$(VENV)/run: requirements.txt pyproject.toml
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
# Now, and readable for all: the account that serves a site cannot write here.
	@$(BIN)/python -m compileall -q petition
	@touch $@

$(VENV)/test: requirements-test.txt $(VENV)/run
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@
