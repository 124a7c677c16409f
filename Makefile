# The commands of this repository. `make` alone lists them.

PYTHON := .venv/bin/python
# What is compiled once is kept, not beside the sources: many processes are started.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/bytecode

.DEFAULT_GOAL := help
.PHONY: help run test check fix bench faults model-test lock

help: ## List the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

run: ## Install what is needed and start everything (PORT=9000, BATON_DATA=dir); Ctrl-C stops it
	@scripts/install runtime
	@exec $(PYTHON) manage.py up

test: ## Install what the tests need and run everything: checks, then all tests
	@scripts/install dev
	@exec scripts/test

check: ## Lint, types and import contracts, without tests
	@scripts/install dev
	@exec scripts/check

fix: ## Format, and mend what the linter can mend
	@scripts/install dev
	@$(PYTHON) -m ruff check --fix-only --quiet .
	@$(PYTHON) -m ruff format .

bench: ## Measure the reference work on SQLite and PostgreSQL and the large pages, and write benchmarks/results.md
	@scripts/install dev
	@$(PYTHON) -m benchmarks
	@exec $(PYTHON) -m benchmarks.pages

faults: ## Kill real processes at every point there is, not only at those of `make test` (long)
	@scripts/install dev
	@FAULTS=all exec $(PYTHON) -m pytest -m faults

model-test: ## Ask a small real model that runs on this machine (installs it: 130 MB)
	@scripts/install dev
	@scripts/model
	@BATON_TEST_MODEL=1 exec $(PYTHON) -m pytest -m model

lock: ## Pin every dependency again (needs uv)
	@scripts/lock
