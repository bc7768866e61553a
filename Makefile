# Two commands do everything on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help install demo test lint requirements clean

PYTHON ?= $(shell command -v python3.12 || command -v python3)
BIN := .venv/bin
MANAGE := $(BIN)/python manage.py

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/installed  ## Install everything into .venv

.venv/installed: requirements/base.txt requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12))' || \
		{ echo "Python 3.12 or later is needed; set PYTHON=/path/to/python3.12."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

demo: install  ## Import the sample course, twice, and back the library up
	@$(BIN)/python demo.py

test: install  ## Run the tests
	@$(BIN)/pytest

lint: install  ## Check style, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MANAGE) makemigrations --check --dry-run

requirements: install  ## Pin the requirements again
	@cd requirements && for name in base dev mysql; do \
		CUSTOM_COMPILE_COMMAND="make requirements" ../$(BIN)/uv pip compile --quiet --universal --python-version 3.12 \
			--no-emit-index-url --upgrade $$name.in -o $$name.txt; done

clean:  ## Remove everything that was installed or written
	rm -rf .venv var
