# Gongkai. `make run` is all a visitor needs; the other targets are for those who change it.
.DEFAULT_GOAL := run
.DELETE_ON_ERROR:
SHELL := /bin/bash
.PHONY: run test prove bench lint lock clean python

PYTHON ?= python3
PORT ?= 8000
PYTEST_WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
PROVE_WORKERS ?= 0
PYTEST_ARGS ?=
BIN := .venv/bin
RUN_READY := .venv/ready-to-run
DEV_READY := .venv/ready-to-develop
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes

export PORT PYTHON

# Serve the demo union at http://127.0.0.1:8000; PORT=8001 changes the port, DEMO_PASSWORD=… the people's password.
run: python
	@$(PYTHON) scripts/free-port "$(PORT)"
	@$(MAKE) --no-print-directory $(RUN_READY)
	@$(BIN)/flask --app wsgi demo serve

# The tests, on SQLite and PostgreSQL and in the browser, in under ten minutes; PYTEST_ARGS="tests/unit -x" narrows.
test: $(DEV_READY)
	@scripts/ensure-system browser
	@$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal $(PYTEST_ARGS)

# The long tier: races, kills, mutants, tampering; in under thirty minutes.
prove: $(DEV_READY)
	@scripts/ensure-system browser
	@$(BIN)/python -m pytest -m prove -n $(PROVE_WORKERS) $(PYTEST_ARGS)

# Measure against a bare handler and a plain application, in under fifteen minutes.
bench: $(DEV_READY)
	@$(BIN)/python -m bench

# Style, types and the floors of the house.
lint: $(DEV_READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Rewrite the hashed locks from pyproject.toml; LOCK_ARGS=--upgrade takes newer versions.
lock: $(DEV_READY)
	@for kind in ":requirements.txt" "--extra dev:requirements-dev.txt"; do \
		$(BIN)/uv pip compile pyproject.toml $${kind%%:*} --universal --generate-hashes --no-emit-index-url \
			--no-header --no-annotate --quiet $(LOCK_ARGS) -o $${kind##*:}; \
	done

# Remove what the other targets made. Your data in var/ stays.
clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "需要 Python 3.11 或更新版本，可用 PYTHON=路径 指定 / Python 3.11 or newer is needed; name it with PYTHON=path" >&2; exit 1; }

$(BIN)/python: | python
	@scripts/ensure-system venv
	@$(PYTHON) -m venv .venv

$(RUN_READY): requirements.txt | $(BIN)/python
	@echo "正在安装依赖，首次约一分钟 / installing dependencies, about a minute the first time"
	@$(INSTALL) -r requirements.txt
	@touch $@

$(DEV_READY): requirements-dev.txt | $(BIN)/python
	@echo "正在安装开发依赖 / installing development dependencies"
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(RUN_READY)
