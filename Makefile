# `make help` lists what there is.
SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
INTO ?= demo
MODELS ?= $(BOARDWRIGHT_MODELS)
PYTEST_ARGS ?=
TOOLS ?=

.PHONY: help setup demo test check fast format lock bench bench-service kills doctor clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing (Debian, Ubuntu: packages; everywhere: .venv)
	@sh scripts/setup.sh $(TOOLS)

demo: setup ## from an issue to a measured pull request, in the folder $(INTO)
	@$(BIN)/boardwright run examples/issues/digits.md --into $(INTO)

test: setup ## all tests; what needs a missing tool is skipped with a reason
	$(BIN)/pytest -n 2 $(PYTEST_ARGS)

fast: ## the tests that take seconds
	$(BIN)/pytest -n 2 -m 'not slow' $(PYTEST_ARGS)

check: setup ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: ## format the Python files
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## instructions, flash and RAM for digits, and for each .tflite in the folder MODELS=...
	$(BIN)/boardwright benchmark $(MODELS) --digits --json build/bench.json

bench-service: setup ## how fast deliveries are acknowledged, on SQLite and PostgreSQL
	$(BIN)/python -m tests.bot.service.bench

kills: ## kill a worker with -9 in each step, ten times before and ten times after it, on SQLite and PostgreSQL
	BOARDWRIGHT_KILLS=20 $(BIN)/pytest -s --timeout=7200 tests/bot/jobs/test_engine.py -k each_step

doctor: ## what is installed, what is missing, what mends it
	@$(BIN)/boardwright doctor

lock: ## resolve the dependencies again
	uv pip compile --universal --generate-hashes --no-header --prerelease if-necessary-or-explicit --all-extras --group dev --python-version 3.11 --upgrade -q -o requirements.lock pyproject.toml

clean: ## remove what was built
	rm -rf build demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
