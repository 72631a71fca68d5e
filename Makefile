# The repository's commands; `make help` lists them. Settings are given as `make up PORT=8001`, or in the environment.

MAKEFLAGS += --no-print-directory
PYTHON ?= python3
STATE ?= .state
export STATE
# Compiled code is kept, whatever the environment says: processes start in half of the time, and tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard libs/*/pyproject.toml services/*/pyproject.toml sample/pyproject.toml))
INSTALLED := .venv/installed
LONG := .venv/installed-long
PEERS := .venv/installed-bench
RESOLVE := .venv/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help up test test-long faults drill bench token env topic verify publish clean-state lock fmt k8s-e2e

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(INSTALLED) ## run everything behind http://localhost:8000 (PORT=8001 for another port) until Ctrl-C
	@exec $(BIN)/python -m devstack up

test: $(INSTALLED) ## check format, lint, types and imports, then run all tests (STACK=embedded|containers|external)
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@exec $(BIN)/pytest -q -n 4 --maxschedchunk 1

test-long: $(INSTALLED) $(LONG) ## run the tests that need Node, Go, generators of clients or a browser (Chromium), or take minutes
	@$(BIN)/pytest -q -n 3 --maxschedchunk 1 -m long --ignore=tests/faults
	@exec $(BIN)/pytest -q -n 0 -m 'long and chosen' tests/faults

faults: $(INSTALLED) ## play every fault that the platform must survive, with each of so many seeds: SEEDS=20 [SEEDS=7,9: with these]
	@exec $(BIN)/pytest -q -n 0 -s -m long tests/faults

drill: $(INSTALLED) ## lose databases and Kafka under load, restore them, and see what became of it all: docs/runbooks.md
	@exec $(BIN)/pytest -q -n 0 -s -m long tests/drills

bench: $(INSTALLED) $(PEERS) ## measure ours against its peers (JSON=file writes the results there too)
	@exec $(BIN)/python -m bench $(if $(JSON),--json '$(JSON)')

token: $(INSTALLED) ## print a token: SCOPES="companies:read companies:write" [ROLES="network", all unless given] [COMPANY=<siret>] [SCHOOL=<uai>] [TRAINING_BODY=<siret>]
	@exec $(BIN)/python -m devstack token --scopes '$(SCOPES)' --roles '$(ROLES)' --company '$(COMPANY)' --school '$(SCHOOL)' --training-body '$(TRAINING_BODY)'

env: $(INSTALLED) ## print the running system's addresses as shell assignments
	@exec $(BIN)/python -m devstack env

topic: $(INSTALLED) ## print a service's events as lines of JSON: [SERVICE=companies] [TOPIC=issoudun.companies.v1] [FROM=<position>] [FOLLOW=1]
	@exec $(BIN)/python -m devstack topic --service '$(or $(SERVICE),companies)' --topic '$(TOPIC)' --from '$(FROM)' $(if $(FOLLOW),--follow)

verify: $(INSTALLED) ## recompute every figure of the running system from its topics, and compare
	@exec $(BIN)/python -m devstack verify

publish: $(INSTALLED) ## write down the events and versions that are new, with examples that stay readable for ever
	@$(BIN)/python -m devstack publish
	@exec $(BIN)/python services/indicators/tests/golden_facts.py

k8s-e2e: $(INSTALLED) ## install, use, upgrade, break and remove the platform on the cluster of kubectl's current context: [LOAD_IMAGE='kind load image-archive {archive}'] [ARCHIVES=folder] [UPGRADE_TO=image] [KEEP=1] [INSTALL_ONLY=1]
	@exec $(BIN)/python -m devstack.cluster

clean-state: $(INSTALLED) ## forget the data of `make up`
	@exec $(BIN)/python -m devstack clean-state

fmt: $(INSTALLED) ## format the code, and mend what the linter can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

# What runs in production is a part of what is tested, at the same versions.
lock: requirements-run.in requirements.in requirements-long.in requirements-bench.in requirements-checkov.in ## resolve the requirements anew into their locks
	@$(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/pip install --quiet --disable-pip-version-check uv
	@for name in requirements requirements-long requirements-bench requirements-checkov; do $(RESOLVE) --upgrade --output-file $$name.lock $$name.in || exit; done
	@$(RESOLVE) --constraints requirements.lock --output-file requirements-run.lock requirements-run.in

# Everything that installing prints goes to standard error: standard output belongs to the target. Packages
# are compiled as far as they are used, and then: compiling all of them took a third of the time.
$(INSTALLED): requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit(f"Python 3.11 or later is needed, and {sys.executable} is {sys.version.split()[0]}: name another with PYTHON=python3.11.")'
	@echo 'Installing into .venv, once ...' >&2
	@$(PYTHON) -m venv .venv >&2 || { echo 'Python cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt-get install python3-venv).' >&2; exit 1; }
	@$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements.lock >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation $(PACKAGES:%=-e ./%) >&2
	@touch $@

# Node comes as a wheel, so that every machine has the same one. Checkov wants other versions than the rest.
$(LONG): requirements-long.lock requirements-checkov.lock tests/node/package-lock.json
	@echo 'Installing what the long tests need, once ...' >&2
	@$(PYTHON) -m venv .venv/long >&2
	@.venv/long/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-long.lock >&2
	@$(PYTHON) -m venv .venv/checkov >&2
	@.venv/checkov/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-checkov.lock >&2
	@PATH="$(CURDIR)/.venv/long/bin:$$PATH" npm --prefix tests/node ci --silent >&2
	@touch $@

# Quix Streams wants another pydantic than ours.
$(PEERS): requirements-bench.lock
	@echo 'Installing what the measurements need, once ...' >&2
	@$(PYTHON) -m venv .venv/bench >&2
	@.venv/bench/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock >&2
	@touch $@
