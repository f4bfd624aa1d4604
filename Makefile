# Two commands on a fresh machine: `make demo` and `make test`. Nothing but git, Python >= 3.11 and make is needed.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Bytecode decides how fast everything starts; a variable of the machine must not prevent it. A key of the machine's must not be spent by tests.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install demo ui test lint bench docs pins clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    install, run the whole way on the bundled sample (no key, no cost), show what was made"
	@echo "make test    install, run the tests"
	@echo "make ui      install, open Dagster on the demo's data: http://127.0.0.1:3000"
	@echo "make lint    ruff, types, import rules"
	@echo "make bench   measure the pipeline: make bench WORKBOOK=path/to/workbook.xlsx"
	@echo "make docs    write docs/cli.md and docs/outcomes.md anew"
	@echo "make pins    resolve requirements.txt and requirements-dev.txt anew"
	@echo "make clean   remove the virtual environment and caches (never var/, where the data is)"

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none was found. Install it, or name it: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@echo "Making the virtual environment $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The module venv does not work. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing CaseForge and what it needs (a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q caseforge_assets
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@

install: $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/caseforge demo

ui: $(VENV)/.installed
	@$(BIN)/caseforge ui

test: $(VENV)/.installed-dev
	@echo "Running the tests ..."
	@$(BIN)/python -m pytest -n 2

lint: $(VENV)/.installed-dev
	@echo "Checking style, types and import rules ..."
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.pipeline $(WORKBOOK)

docs: $(VENV)/.installed
	@$(BIN)/python -m docs.generate

pins: $(VENV)/.installed-dev
	@echo "setuptools>=80" | $(BIN)/uv pip compile pyproject.toml - --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --quiet -o requirements.txt
	@echo "setuptools>=80" | $(BIN)/uv pip compile pyproject.toml - --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --constraint requirements.txt --quiet -o requirements-dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
