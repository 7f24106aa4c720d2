# Needs Python 3.10 or newer, make and a package registry; the rest goes into .venv.
#
#     make demo PYTHON=python3.12        another Python
#     make demo PRIVATE=1                a board that shows nothing to strangers
#     make demo DEMO_APP_PORT=5080 DEMO_BOARD_PORT=5081
#     make test PYTEST_ARGS='-k login -x'
#     make test CI=true PYTEST_ARGS=--cov     every case, and the branches taken
#     make matrix MATRIX=py312,lowest

PYTHON ?= python3
DEMO_APP_PORT ?= 5000
DEMO_BOARD_PORT ?= 5001
DEMO_FOLDER ?= instance/demo
PRIVATE ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=

VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

# A checksum rather than dates: dates miss a file that was deleted or checked out anew.
PACKAGE_CHECKSUM := $(shell \
	find setup.cfg pyproject.toml README.md LICENSE flask_feedbackchimp \
		-type f ! -name '*.pyc' | LC_ALL=C sort | xargs cksum | cksum | tr ' ' -)
INSTALLED := $(VENV)/installed-$(PACKAGE_CHECKSUM)

.PHONY: help
help: ## Say what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /make \1	/p' $(firstword $(MAKEFILE_LIST))

# "exec", so that a signal to make reaches Python itself.
.PHONY: demo
demo: $(INSTALLED) ## Run the example app and a stand-in board until Ctrl-C
	@exec $(VENV)/bin/python tools/demo --folder $(DEMO_FOLDER) \
		--app-port $(DEMO_APP_PORT) --board-port $(DEMO_BOARD_PORT) \
		$(if $(filter-out 0 no false,$(PRIVATE)),--private)

# The tests are about the wheel that people install, so the source tree must not be
# found before it: the script "pytest" does not put the current folder on sys.path (as
# "python -m pytest" does), PYTHONSAFEPATH stops Python from doing so in what the tests
# start, and tests/test_wheel.py looks where the package came from. The example app is
# not in the wheel; its tests put the checkout last on sys.path (tests/example).
.PHONY: test
test: $(VENV)/test-tools ## Build the wheel and run the tests on it
	PYTHONSAFEPATH=1 FEEDBACKCHIMP_TEST_WHEEL=1 $(VENV)/bin/pytest $(PYTEST_ARGS)

.PHONY: browser
browser: $(VENV)/browser-tools $(VENV)/test-tools $(VENV)/npm-packages ## Run the tests that need Chromium and Node, skipping none
	CI=true PYTHONSAFEPATH=1 FEEDBACKCHIMP_TEST_WHEEL=1 \
		$(VENV)/bin/pytest tests/interop tests/demo tests/browser

.PHONY: lint
lint: $(VENV)/lint-tools ## Look for mistakes and for formatting that is not ruff's
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

# The consumer's snippet and the completeness of the types are judged from another
# folder, where the installed wheel is found and not the source tree.
.PHONY: types
types: $(VENV)/types-tools $(VENV)/test-tools ## Check the types, ours and what users see of them
	$(VENV)/bin/mypy
	cd tests/typing && $(CURDIR)/$(VENV)/bin/mypy consumer.py
	cd tests/typing && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" pyright consumer.py
	cd tests/typing && PATH="$(CURDIR)/$(VENV)/bin:$$PATH" \
		pyright --verifytypes flask_feedbackchimp --ignoreexternal

.PHONY: docs
docs: $(VENV)/docs-tools $(INSTALLED) ## Build the documentation into docs/_build/html
	$(VENV)/bin/sphinx-build -n -W --keep-going -E -q docs docs/_build/html
	@echo "docs/_build/html/index.html"

.PHONY: dist
dist: $(VENV)/dist-tools $(VENV)/test-tools ## Build the wheel and the sdist into dist, and check them
	rm -rf dist
	$(VENV)/bin/python tools/build_dist.py dist
	$(VENV)/bin/twine check --strict dist/*
	CI=true $(VENV)/bin/pytest tests/packaging

# pyenv's shims answer only for the versions that they are told of: for all there are.
TOX = PYENV_VERSION="$${PYENV_VERSION-$$(pyenv versions --bare 2>/dev/null \
	| grep -E '^3\.[0-9]+\.[0-9]+$$' | paste -sd : -)}" $(VENV)/bin/tox

.PHONY: matrix
matrix: $(VENV)/tox-tools ## Run the Python tests on every supported version
	@$(TOX) run-parallel --parallel 2 --parallel-no-spinner \
		$(if $(MATRIX),-e $(MATRIX))

# Recreated each time: what is tried are the newest releases of today.
.PHONY: ecosystem
ecosystem: $(VENV)/tox-tools ## Walk beside other extensions and behind servers, as they are today
	@$(TOX) run --recreate -e ecosystem

# --short takes one Python, the one that made .venv.
.PHONY: bench
bench: $(VENV)/tox-tools ## Measure against code written by hand; BENCH_ARGS=--help says how
	@$(TOX) run --quiet --notest --conf benchmarks/tox.toml \
		$(if $(findstring --short,$(BENCH_ARGS)),-e py)
	$(VENV)/bin/python benchmarks/run.py $(BENCH_ARGS) \
		$(if $(findstring --short,$(BENCH_ARGS)),.tox/bench/py,.tox/bench/3.*)/bin/python

.PHONY: check
check: ## Run every gate, as continuous integration does
	@bash .ci/run

.PHONY: clean
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
	@touch $@

# "build" is emptied first: setuptools would pack what it left there before, deleted
# modules too. Two steps, because pip keeps what has the same version unless forced.
$(INSTALLED): $(VENV)/created requirements/example.txt
	@echo "Building and installing the package …"
	@rm -rf build $(VENV)/installed-*
	@$(PIP) wheel --no-deps --wheel-dir build .
	@$(PIP) install --force-reinstall --no-deps build/*.whl
	@$(PIP) install build/*.whl --requirement requirements/example.txt
	@touch $@

$(VENV)/test-tools: requirements/test.txt $(INSTALLED)
	@echo "Installing what the tests need …"
	@$(PIP) install --requirement requirements/test.txt
	@touch $@

$(VENV)/%-tools: requirements/%.txt $(VENV)/created
	@echo "Installing what $(<F) lists …"
	@$(PIP) install --requirement $<
	@touch $@

$(VENV)/npm-packages: tests/package.json $(VENV)/created
	@echo "Installing the npm packages of the tests …"
	@npm install --prefix tests --no-package-lock --ignore-scripts --no-audit --no-fund \
		--silent
	@touch $@
