# Two commands do everything on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help install demo serve test prove explore fuzz soak screenshots docs docs-links lint messages bench requirements clean

# Compiled modules are kept, whatever the environment says: without them, each command compiles a thousand for a second.
export PYTHONDONTWRITEBYTECODE :=

PYTHON ?= $(shell command -v python3.12 || command -v python3)
# Other versions than the pinned ones go into an environment of their own, beside it: `make test CORE=1.4.1` has that
# openedx-core, `make test RELEASE=verawood` all that requirements/verawood.txt names.
VENV := .venv$(addprefix -,$(or $(RELEASE),$(CORE)))
BIN := $(VENV)/bin
INSTEAD := $(if $(RELEASE),requirements/$(RELEASE).txt)
MANAGE := $(BIN)/python manage.py

# Print a command as a person would type it, then run it.
define shown
@printf '\n$$ ./manage.py import_from_modulestore %s\n\n' '$(1)'
@$(MANAGE) import_from_modulestore $(1)
endef

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/installed  ## Install everything into .venv; with CORE=1.4.1 or RELEASE=verawood, others beside it

$(VENV)/installed: requirements/base.txt requirements/dev.txt $(INSTEAD) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 12))' || \
		{ echo "Python 3.12 or later is needed; set PYTHON=/path/to/python3.12."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check uv
	@cat /dev/null $(INSTEAD) >$(VENV)/instead.txt
	@$(if $(CORE),echo "openedx-core==$(CORE)" >>$(VENV)/instead.txt)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/dev.txt --override $(VENV)/instead.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@$(BIN)/uv pip check --quiet --python $(BIN)/python
	@$(MANAGE) import_from_modulestore --help >/dev/null  # Compiles what commands load.
	@touch $@

demo: install  ## Import the sample course, review and edit it, import it changed, undo, back the library up
	@$(MANAGE) migrate --verbosity 0
	$(call shown,sources)
	@printf '\n--- What learners see goes into a library: looked through, edited, written.\n'
	$(call shown,stage course-v1:Acme+Tides+2026 lib:Acme:Tides --create --branch published)
	$(call shown,edit last welcome --title "Welcome aboard")
	$(call shown,leave-out last unit/review)
	$(call shown,review last welcome --diff)
	$(call shown,complete last)
	@printf '\n--- Authors have changed the course since. Their drafts meet what the library holds.\n'
	$(call shown,stage course-v1:Acme+Tides+2026 lib:Acme:Tides --branch draft)
	$(call shown,review last --conflicts)
	$(call shown,review last twelfths_rule --diff)
	$(call shown,decide last overwrite reading_tide_tables)
	$(call shown,complete last)
	@printf '\n--- And back.\n'
	$(call shown,undo last --preview)
	$(call shown,undo last --yes)
	$(call shown,where lb:Acme:Tides:html:twelfths_rule)
	$(call shown,history)
	$(call shown,backup lib:Acme:Tides $(or $(VAR_DIR),var)/tides.zip --force)
	@echo
	@echo "The same, on pages: make serve. Or put an export of your own into courses/ and try:"
	@echo "  ./manage.py import_from_modulestore --help"

serve: install  ## Start the web server and a worker, for use in a browser
	@$(MANAGE) serve

test: install  ## Run the tests, or some: ARGS="tests/test_undo.py -k twice"; those that take long as well with SLOW=1; on other versions with CORE= or RELEASE=
	@$(BIN)/pytest -n $(or $(WORKERS),2) --dist loadfile --no-loadscope-reorder $(if $(CI)$(SLOW),,-m "not slow and not at_gate") $(ARGS)

prove: install  ## Prove that imports in bulk leave the same, on EXAMPLES=500 libraries, and write it down; see CORE=
	@BULK_EXAMPLES=$(or $(EXAMPLES),500) $(BIN)/pytest tests/test_bulk.py tests/test_tags.py -k "the_same or held"
	@DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m django prove_bulk_writer

explore: install  ## Try everything that has to hold on examples that nobody has tried, TIMES=10 as many as at the gate
	@EXAMPLES_TIMES=$(or $(TIMES),10) $(BIN)/pytest -n 2 --dist load -m hypothesis $(ARGS)

fuzz: install  ## Try hostile exports and archives: 1,000 of each kind, or EXAMPLES=…
	@HOSTILE_EXAMPLES=$(or $(EXAMPLES),1000) $(BIN)/pytest -n 2 --dist load tests/hostile/test_hostile.py

soak: install  ## Have PEOPLE=20 use a site for MINUTES=… and disturb it: WITH="killer filler restarter rest" ON=servers or sqlite
	@$(BIN)/python -m tests.hostile.soak --minutes $(or $(MINUTES),20) --on $(or $(ON),sqlite) \
		--with $(or $(WITH),killer filler restarter rest) --people $(or $(PEOPLE),20) $(if $(SEED),--seed $(SEED))

screenshots: install  ## Take pictures of every page, into var/screenshots; those of the documentation, and of the terminal, into docs/images
	@$(BIN)/python -m tests.pages.screenshots $(or $(VAR_DIR),var)/screenshots
	@$(BIN)/python -m tests.command_line.pictures

docs: $(VENV)/documenting  ## Build the documentation into var/docs/html; what is wrong in it, or leads nowhere, is an error
	@$(BIN)/sphinx-build -q -W -d $(or $(VAR_DIR),var)/docs/doctrees docs $(or $(VAR_DIR),var)/docs/html
	@echo "The documentation is in $(or $(VAR_DIR),var)/docs/html; begin with index.html."

docs-links: $(VENV)/documenting  ## Look whether the pages of others are there that the documentation leads to
	@$(BIN)/sphinx-build -q -b linkcheck -d $(or $(VAR_DIR),var)/docs/doctrees docs $(or $(VAR_DIR),var)/docs/links

$(VENV)/documenting: $(VENV)/installed requirements/docs.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/docs.txt
	@touch $@

lint: install  ## Check style, types, layers and annotations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(MANAGE) makemigrations --check --dry-run modulestore_imports content_staging import_from_modulestore_standalone
	@DJANGO_SETTINGS_MODULE=import_from_modulestore_standalone.settings $(BIN)/code_annotations \
		django_find_annotations --config_file .pii_annotations.yml --lint --coverage

messages: install  ## Extract all texts into the catalogues of translations, and compile those; needs GNU gettext
	@for app in import_from_modulestore import_from_modulestore_standalone; do \
		(cd src/$$app && $(abspath $(BIN))/django-admin makemessages --all --verbosity 0 \
			--add-location file --no-wrap --no-obsolete && \
		$(abspath $(BIN))/django-admin compilemessages --verbosity 0) || exit; done

bench: install  ## Measure time, statements and memory, on SQLite and MariaDB; OPTIONS=--large for large courses
	@$(if $(shell command -v mariadbd),.ci/mariadb) $(BIN)/python benchmarks/run.py $(OPTIONS)

requirements: install  ## Pin the requirements again
	@cd requirements && for name in base dev docs mysql ci; do \
		CUSTOM_COMPILE_COMMAND="make requirements" ../$(BIN)/uv pip compile --quiet --universal --python-version 3.12 \
			--no-emit-index-url --upgrade $$name.in -o $$name.txt; done

clean:  ## Remove everything that was installed or written
	rm -rf .venv .venv-* var
