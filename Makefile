# Two commands for a newcomer: `make demo` and `make test`. Everything runs in an environment of its own, .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format bench clean

.venv/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "thresher needs Python 3.11 or later; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	@echo "installing pinned packages (about 2 GB, once)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python -m dedupe.vectors.engines --prepare
	touch .venv/.installed

demo: .venv/.installed
	$(BIN)/python -m sample.demo

test: .venv/.installed
	$(BIN)/python -m pytest -q

check: .venv/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q

format: .venv/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.installed
	$(BIN)/python benchmarks/encode.py
	$(BIN)/python benchmarks/night.py --known 10000 --night 1000

clean:
	rm -rf .venv demo-data .pytest_cache .mypy_cache .ruff_cache
