# make demo: train three models on real data.  make test: the whole test suite.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SETUP = pyproject.toml hatch_build.py $(wildcard src/hornbill/native/*.cc src/hornbill/native/*.h)

.PHONY: demo test lint bench docs clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(BIN)/python $(SETUP)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-test: $(BIN)/python $(SETUP)
	$(BIN)/python -m pip install --quiet --editable '.[test,dev,plot]'
	touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/hornbill demo

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n 2 -q

lint: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

bench: $(VENV)/.installed-test
	$(BIN)/python benchmarks/run.py

docs: $(VENV)/.installed-test
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV)
