# Two commands for a newcomer: `make demo` and `make test`. Everything runs in an environment of its own, .venv.
PYTHON ?= python3
BIN := .venv/bin
# A process for each processor; the tests of a file stay together, because they share what is dear to make.
TESTS := $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

.PHONY: demo test check format docs bench lock clean

demo: .venv/.installed
	$(BIN)/python -m sample.demo

test: .venv/.installed-dev
	$(TESTS)

check: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TESTS)

format: .venv/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What README.md and docs/ show of the command, made by the command.
docs: .venv/.installed-dev
	$(BIN)/python -m cogapp -r -D demo=yes README.md docs/*.md

bench: .venv/.installed
	$(BIN)/python benchmarks/encode.py
	$(BIN)/python benchmarks/night.py --known 10000 --night 1000

# requirements.lock from pyproject.toml. A version in it stays, unless: make lock ARGS="--upgrade-package duckdb"
lock:
	$(PYTHON) install.py --lock $(ARGS)

clean:
	rm -rf .venv demo-data .pytest_cache .mypy_cache .ruff_cache

# Installed again when the lock changes; what is installed already is left alone.
.venv/.installed: pyproject.toml requirements.lock install.py
	$(PYTHON) install.py
	$(BIN)/python -m dedupe.vectors.engines --prepare
	touch $@

.venv/.installed-dev: .venv/.installed
	$(PYTHON) install.py --extra dev
	touch $@
