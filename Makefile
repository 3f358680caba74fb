# Everything a new user needs: `make demo` and `make test`. Nothing else has to be installed by hand.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

# Without compiled files every process that a test starts, and pytest itself, would compile all of ours again.
unexport PYTHONDONTWRITEBYTECODE

DOCS := -W --keep-going -q -c website -d build/doctrees

.PHONY: help demo test nightly lint unit newest-sdk format docs docs-links lab-up lab-down clean

help:            ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: .venv/ready  ## the main job on real parts: four levels -> mirrored images -> Pods that run
	$(BIN)/python -m lab demo

test: lint       ## lint, types, all tests
	$(BIN)/python -m lab run -- $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

nightly: .venv/ready  ## what `make test` leaves out: the lab's own stand-in, repetitions, ten times the examples
	$(BIN)/python -m lab run -- $(BIN)/python -m pytest --nightly -n auto --maxprocesses 4 --dist worksteal

unit: .venv/ready  ## the tests that need no lab: minutes
	$(BIN)/python -m pytest -m "not registry and not engine and not node"

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

newest-sdk: .venv/ready  ## the newest Pulumi SDKs in .venv, whatever constraints.txt says (`make clean` undoes it)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pulumi pulumi-kubernetes pulumi-aws pulumi-gcp pulumi-artifactory pulumi-azure-native

format: .venv/ready  ## let ruff rewrite the layout
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/docs-ready  ## the site of docs/, build/site/docs/index.html; a broken link or anchor inside fails it
	$(BIN)/sphinx-build $(DOCS) . build/site

docs-links: .venv/docs-ready  ## ask the internet for every address that the documentation names
	$(BIN)/sphinx-build $(DOCS) -b linkcheck . build/links

lab-up: .venv/ready  ## start the lab and leave it running (python -m lab status|logs|run)
	$(BIN)/python -m lab up

lab-down:        ## stop the lab and remove what it left
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m lab down; fi

clean: lab-down  ## remove what make made here; the lab's builds stay in the cache
	rm -rf .venv .lab .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or newer is needed and was not found on PATH" >&2; exit 1; }
	@echo "==> Python side: .venv with the pinned packages (some minutes the first time)"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.venv/docs-ready: .venv/ready
	@echo "==> what makes the site (a minute, the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@
