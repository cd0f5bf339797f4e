# Two commands do everything on a fresh machine: `make reproduce` and `make test`.
# PYTHON is any Python >= 3.11. TORCH= (empty) goes without torch; TORCH_INDEX is a wheel index
# for it, since a plain `torch` pulls gigabytes of CUDA packages on Linux.
PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
TORCH_INDEX ?=
MARK ?= not slow and not nightly
PYTEST_ARGS ?=

BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help reproduce quick test lint format notebooks clean
.DEFAULT_GOAL := help

help:
	@echo "make reproduce   figures, ledger of claims and verified exports into figures/"
	@echo "make quick       the same at small sizes"
	@echo "make test        the tests; MARK='not nightly' for all that CI runs, MARK= for every one"
	@echo "make lint        ruff, mypy, import-linter;  make format  rewrites the layout"
	@echo "make notebooks   executes notebooks/*.py into the .ipynb beside them"

$(STAMP): setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python >= 3.11 is needed; set PYTHON=" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	@if [ -n "$(TORCH)" ]; then \
	    $(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH) \
	    || echo "warning: $(TORCH) could not be installed; the layers and their tests are left out" >&2; fi
	$(PIP) --editable '.[dev,interop]'
	@touch $@

reproduce: $(STAMP)
	$(BIN)/hippo-theory reproduce

quick: $(STAMP)
	$(BIN)/hippo-theory reproduce --quick

test: $(STAMP)
	$(BIN)/python -m pytest -m "$(MARK)" $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --config setup.cfg

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(STAMP)
	for source in notebooks/*.py; do \
	    $(BIN)/jupytext --quiet --update --to ipynb $$source && \
	    $(BIN)/jupyter nbconvert --log-level WARN --to notebook --execute --inplace \
	        --ExecutePreprocessor.record_timing=False $${source%.py}.ipynb || exit 1; done

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
