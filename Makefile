PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
ONE_CORE := $(shell command -v taskset >/dev/null && echo taskset -c 0)

.PHONY: install demo figures test fast lint bench clean

install: $(READY)

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[training,formats,generate,search,scale,dev]'
	touch $(READY)

demo: install
	$(BIN)/trigger run models/jpsi_dilepton.yaml

figures: install
	$(BIN)/trigger figures
	cp figures/figures.md FIGURES.md

test: install lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

fast: install
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not training and not csim"

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install
	$(ONE_CORE) $(BIN)/python benchmarks/emulation.py

clean:
	rm -rf $(VENV) build dist *.egg-info
