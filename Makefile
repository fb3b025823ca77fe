# Bare `make` prints what there is. uv is used if present, else it is put into .uv/ from the package registry.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export UV_PYTHON_DOWNLOADS := never
PYTHON ?= python3
UV := $(shell command -v uv || echo .uv/bin/uv)
RUN := $(UV) run --frozen
PYTEST_ARGS ?=
Q ?= How much GPU memory does Llama 7B need?

.PHONY: help setup demo ask test check format bench faults soak fuzz clean

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1mmake %-8s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## askbox with the handbook on http://127.0.0.1:8000, without Docker; Ctrl-C stops it
	@scripts/demo.sh

ask: setup ## ask the running askbox: make ask Q="Which licence does Phi-3 have?"
	@$(RUN) askbox ask "$(Q)"

test: setup ## all tests; what needs a server that is not there is skipped and says how to turn it on
	@$(RUN) pytest $(PYTEST_ARGS)

check: setup ## format, lint, types, import contracts, fast tests: what CI runs first
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) pytest -q -m "not slow" $(PYTEST_ARGS)

format: setup ## rewrite the code as `make check` wants it
	@$(RUN) ruff format . && $(RUN) ruff check --fix .

bench: setup ## all benchmarks, each beside what it is compared with; tables in docs/benchmarks.md
	@scripts/bench/all.sh

faults: setup ## kill, stop, fill and cut everything, in full: every acknowledged document must be there once
	@scripts/bench/faults.sh $(PYTEST_ARGS)

soak: setup ## 30 minutes at half load: memory and descriptors must stay flat
	@$(RUN) python scripts/bench/soak.py $(SOAK_ARGS)

fuzz: setup ## 10 minutes of schemathesis over the OpenAPI, positive and negative
	@ASKBOX_FUZZ_SECONDS=$${ASKBOX_FUZZ_SECONDS:-600} $(RUN) pytest -m fuzz -s $(PYTEST_ARGS)

setup: $(UV) # the environment of uv.lock in .venv
	@$(UV) sync --frozen --quiet

.uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "askbox needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python lacks venv: install the package python3-venv (Debian, Ubuntu: apt install python3-venv), then try again."; exit 1; }
	@echo "uv is not here: putting it into .uv/ …"
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'

clean: ## remove the environment and what tests and tools left; your data stays
	@rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
