# Two commands on a fresh machine: `make demo` and `make test`. Nothing but git, Python 3.11 to 3.14 and make is needed.

# The first Python that is new enough and can make virtual environments; another one: make PYTHON=/path/to/python3.12 demo
NEEDS := import sys, ensurepip, sqlite3, ssl, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 15))
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11
PYTHON = $(shell for p in $(CANDIDATES); do "$$p" -c '$(NEEDS)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps

# Bytecode decides how fast everything starts: a machine that forbids it must not slow every command down.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help install demo ui test test-slow test-newest test-browser test-hosts lint audit bench faults docs pins clean
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

help:
	@echo "make demo     install, run the whole way on the bundled sample (no key, no cost), show what was made"
	@echo "make ui       install, open Dagster on the demo's data: http://127.0.0.1:3000"
	@echo "make test     install, run the tests"
	@echo "make test-slow     the tests that take long: full size, pruning, sensors at a webserver"
	@echo "make test-newest   the tests of the Dagster shell with Dagster's newest patch release, in an environment of its own"
	@echo "make test-browser  work in Dagster's pages as a person does, in a real browser"
	@echo "make test-hosts    several hosts on this machine, disturbed; the charts rendered and checked (as root)"
	@echo "make install  install into $(VENV) and nothing else"
	@echo "make lint     style, types, import rules"
	@echo "make audit    ask an index whether a pinned dependency has a fault that is known"
	@echo "make bench    measure the pipeline: make bench WORKBOOK=path/to/workbook.xlsx"
	@echo "make faults   kill, disturb and race CaseForge in some 450 ways; one table, zeros expected (a quarter of an hour or more)"
	@echo "make mutants  break CaseForge in some twenty named ways, and see that the bench of faults notices each (some minutes)"
	@echo "make docs     write docs/cli.md, docs/outcomes.md, docs/faults.md and docs/openapi.json anew"
	@echo "make pins     resolve requirements.txt and requirements-dev.txt anew"
	@echo "make clean    remove the virtual environment and caches (never var/, where the data is)"

$(VENV)/.made:
	@python='$(PYTHON)'; \
	if [ -z "$$python" ]; then \
		echo "No usable Python was found (looked for: $(CANDIDATES))."; \
		echo "CaseForge needs Python 3.11, 3.12, 3.13 or 3.14 with the modules venv, ensurepip, sqlite3 and ssl."; \
		echo "On Debian and Ubuntu: apt-get install python3-venv. Elsewhere, or for another one: make PYTHON=/path/to/python3 ..."; \
		exit 1; \
	fi; \
	echo "Making the virtual environment $(VENV) with $$python ($$("$$python" -V)) ..."; \
	trap 'echo "Stopped."; exit 130' INT; \
	said=$$("$$python" -m venv $(VENV) 2>&1) || { echo "$$said"; exit 1; }
	@touch $@

$(VENV)/.installed: requirements.txt pyproject.toml | $(VENV)/.made
	@echo "Installing CaseForge and what it needs (about a minute) ..."
	@$(PIP_INSTALL) --require-hashes --requirement requirements.txt
	@$(PIP_INSTALL) --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q caseforge_assets
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing what tests and checks need ..."
	@$(PIP_INSTALL) --require-hashes --requirement requirements-dev.txt
	@touch $@

install: $(VENV)/.installed

demo: $(VENV)/.installed
	@$(BIN)/caseforge demo

ui: $(VENV)/.installed
	@$(BIN)/caseforge ui

test: $(VENV)/.installed-dev
	@echo "Running the tests ..."
	@$(BIN)/python -m pytest -n 3 --dist worksteal

test-slow: $(VENV)/.installed-dev
	@echo "Running the tests that take long ..."
	@$(BIN)/python -m pytest -n 3 --dist worksteal -m slow

# What is used of Dagster's private parts (defs/private) is tried with a release that nobody has pinned yet; the pins stay as they are.
NEWEST := .venv-newest
NEWEST_PIP := $(NEWEST)/bin/python -m pip install --quiet --disable-pip-version-check

test-newest: $(VENV)/.installed-dev
	@echo "Installing the newest patch release of Dagster into $(NEWEST) (this needs an index) ..."
	@rm -rf $(NEWEST) && $(BIN)/python -m venv $(NEWEST)
	@grep -ivE '^(--|#| )|^dagster' requirements-dev.txt requirements.txt --no-filename | sed 's/ *\\$$//' | sort -u > $(NEWEST)/pins.txt
	@$(NEWEST_PIP) --requirement $(NEWEST)/pins.txt 'dagster~=1.13.0' 'dagster-postgres~=0.29.0' 'dagster-webserver~=1.13.0' 'dagster-dg-cli~=1.13.0'
	@$(NEWEST_PIP) --no-deps --no-build-isolation --editable .
	@$(NEWEST)/bin/python -c 'import dagster; print("Dagster", dagster.__version__)'
	@$(NEWEST)/bin/python -m pytest -n 3 caseforge_assets_tests/defs

test-browser: $(VENV)/.installed-dev
	@echo "Running the tests in a browser (some ten minutes; without chromium they are skipped) ..."
	@$(BIN)/python -m pytest -m browser caseforge_assets_tests/browser

# Hosts are namespaces in a network without a way out, so that what is tried here reaches nothing else.
test-hosts: $(VENV)/.installed-hosts
	@echo "Running several hosts on this one, as root (an hour; what is not installed is skipped and named) ..."
	@if [ "$$(id -u)" = 0 ] && command -v unshare >/dev/null; then isolated="unshare --net"; fi; \
		$(BIN)/python -m pytest -m hosts -rs caseforge_assets_tests/hosts/test_image.py caseforge_assets_tests/hosts/test_charts.py && \
		$$isolated $(BIN)/python -m pytest -m hosts -rs caseforge_assets_tests/hosts/test_hosts.py caseforge_assets_tests/hosts/test_rolling_upgrade.py \
		caseforge_assets_tests/hosts/test_large.py

$(VENV)/.installed-hosts: deploy/requirements.txt requirements-hosts.txt $(VENV)/.installed-dev
	@echo "Installing engines for runs, and what checks charts ..."
	@$(PIP_INSTALL) --require-hashes --requirement deploy/requirements.txt
	@$(PIP_INSTALL) --require-hashes --requirement requirements-hosts.txt
	@touch $@

lint: $(VENV)/.installed-dev
	@echo "Checking pins, style, types and import rules ..."
	@$(BIN)/python -m pip --disable-pip-version-check check
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# --strict: what the index does not know was not audited, and must not look as if it were in order.
audit: $(VENV)/.installed-dev
	@echo "Asking for known faults of all pins (this needs a network) ..."
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off --requirement requirements.txt --requirement requirements-dev.txt || { \
		echo "Not in order. Packages listed above with an ID have a known fault: raise their pins (make pins) and audit again."; \
		echo "If it says instead that something could not be reached, found or audited, no index of known faults is at hand here:"; \
		echo "nothing was audited then; do it where there is one. docs/security.md says what is known of the dependencies anyway."; \
		exit 1; }

bench: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.pipeline $(WORKBOOK)

faults: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.faults

mutants: $(VENV)/.installed
	@$(BIN)/python -m benchmarks.faults.mutants

docs: $(VENV)/.installed
	@$(BIN)/python -m docs.generate

# Universal (any system, Python >= 3.11), with hashes, and without any address in them. Extras stay: older pips need them.
COMPILE := pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
	--no-emit-index-url --no-emit-find-links --upgrade --quiet --extra embedded --group build

pins:
	@command -v uv >/dev/null || { echo "This needs uv: install it and put it on the PATH."; exit 1; }
	@echo "Resolving the pins anew ..."
	@uv $(COMPILE) --output-file requirements.txt
	@uv $(COMPILE) --group dev --no-emit-package pip --constraint requirements.txt --output-file requirements-dev.txt
	@uv $(subst --extra embedded,--extra s3 --extra s3-logs --extra docker --extra k8s --extra celery,$(COMPILE)) --constraint requirements.txt --output-file deploy/requirements.txt
	@uv $(subst --extra embedded --group build,--group pyproject.toml:hosts,$(subst compile pyproject.toml,compile,$(COMPILE))) --constraint requirements.txt --constraint requirements-dev.txt --output-file requirements-hosts.txt

clean:
	@if [ -x $(BIN)/caseforge ]; then echo "Stopping the embedded database, if it runs ..."; $(BIN)/caseforge db stop || true; fi
	@echo "Removing $(VENV) and caches; var/ stays."
	@rm -rf $(VENV) $(NEWEST) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build *.egg-info
	@find caseforge_assets caseforge_assets_tests benchmarks docs -name __pycache__ -prune -exec rm -rf {} +
