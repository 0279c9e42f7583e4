# Thin on purpose: what each line does by hand is in CONTRIBUTING.md.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: dashboard lab test lint style types imports javascript hosts docs site screenshots clean

dashboard: $(VENV)/.app
	@$(BIN)/kdviz serve

lab: $(VENV)/.app
	@$(BIN)/jupyter lab notebooks

# Some environments keep Python from writing what it compiled: each of the hundreds of processes of the tests would
# compile kdviz and its tests anew.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.test
	@$(MAKE) --no-print-directory --jobs=2 $(VENV)/.foreign lint
	$(BIN)/pytest

# Two at once: types take about as long as all else.
lint: types style imports javascript

types:
	$(BIN)/mypy

style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

imports:
	$(BIN)/lint-imports

javascript:
	@bash .ci/javascript/check

# The pages in other hosts, each in an environment of its own in build/hosts.
hosts: $(VENV)/.test
	$(BIN)/python .ci/hosts.py

# The documentation, to open from disk: build/docs/index.html.
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --jobs auto docs build/docs

# The same with every lesson run and written as a page (20 minutes): build/site/index.html.
site: $(VENV)/.docs
	$(BIN)/kdviz site build/site/lessons --docs ../index.html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --jobs auto --write-all docs build/site

screenshots: $(VENV)/.test
	$(BIN)/python docs/screenshots.py

clean:
	rm -rf $(VENV) build dist test-artifacts .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Stamps: written last, so that a broken install is tried again and a good one is never repeated.
$(VENV)/.app: $(VENV)/.venv
	@echo "Installing kdviz and what it needs into $(VENV) (a few minutes the first time) ..."
	$(PIP) --editable ".[app]"
	@touch $@

$(VENV)/.test: $(VENV)/.venv
	@echo "Installing kdviz and what its tests need into $(VENV) (a few minutes the first time) ..."
	$(PIP) --no-compile --editable ".[test]"
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true  # pip compiles on one CPU, and takes twice as long
	$(BIN)/python -m kdviz.app.chromium
	@touch $@ $(VENV)/.app $(VENV)/.docs

$(VENV)/.docs: $(VENV)/.venv
	@echo "Installing kdviz and what builds its documentation into $(VENV) (a few minutes the first time) ..."
	$(PIP) --editable ".[docs]"
	@touch $@ $(VENV)/.app

# Packages of others whose models are tried; without them those tests are left out.
$(VENV)/.foreign: $(VENV)/.test
	@$(BIN)/python .ci/foreign.py && touch $@ || true

$(VENV)/.venv: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	@touch $@
