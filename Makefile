# Everything works in a fresh clone with Python 3.11 or newer and pip; only `make lock` needs uv.
.DEFAULT_GOAL := help
.PHONY: help demo setup run test lint format bench lock sbom audit clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
WORKERS ?= 3

help: ## List what make can do
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

$(VENV)/runtime: requirements.txt
	@echo "Installing what the bot needs into $(VENV). This takes about half a minute."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	@touch $@

demo: $(VENV)/runtime ## Try the bot on a local test Discord and OpenRouter: no token, no key
	@$(BIN)/python -m playground $(ARGS)

setup: $(VENV)/runtime ## Set the bot up, step by step: writes .env
	@$(BIN)/python -m bot setup $(ARGS)

run: $(VENV)/runtime ## Run the bot with the settings in .env
	@$(BIN)/python -m bot $(ARGS)

test: $(VENV)/dev ## Run every test, with coverage
	@$(BIN)/python -m coverage erase
	@$(BIN)/python -m coverage run -m pytest $(or $(ARGS),--numprocesses $(WORKERS) --dist worksteal)
	@$(BIN)/python -m coverage combine --quiet
	@$(BIN)/python -m coverage report $(if $(ARGS),--fail-under=0)

lint: $(VENV)/dev ## Check style, types and structure
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/dev ## Fix style and formatting
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/dev ## Measure streaming, the model client and storage
	@$(BIN)/python -m bench $(ARGS)

lock: ## Pin the whole dependency tree (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml -o requirements.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

sbom: ## List everything that is installed in sbom.json (needs uv)
	uvx --quiet --from 'cyclonedx-bom==7.5.0' cyclonedx-py requirements requirements.txt --of JSON -o sbom.json

audit: ## Ask for known vulnerabilities of what is installed (needs uv and the network)
	uvx --quiet --from 'pip-audit==2.10.1' pip-audit --require-hashes --disable-pip -r requirements.txt

clean: ## Remove everything that make created
	rm -rf $(VENV) .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
