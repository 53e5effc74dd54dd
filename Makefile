# `make help` is the manual.
.DEFAULT_GOAL := help
.PHONY: help setup run test check fmt lint types imports schema bench lock clean

BIN := .venv/bin
CODE := api domain workers cli tests bench
SETUP := .venv/.synced

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(SETUP) ## Install everything the other targets need
	@web/graphiql/build.sh

$(SETUP): requirements-dev.lock scripts/uv.lock.txt scripts/bootstrap pyproject.toml
	@scripts/bootstrap

run: setup ## Start everything on this machine; Ctrl-C stops it
	@$(BIN)/assent dev --with-parent

test: setup ## Run every test; ARGS="-k words" narrows them
	@scripts/chromium $(if $(CI),--required)
	@$(BIN)/pytest $(ARGS); status=$$?; command -v chromium >/dev/null || \
		echo "The browser tests were skipped: Chromium is missing and could not be installed."; exit $$status

check: lint types imports ## Everything a change must pass before the tests: lint, types, contracts, schema
	@$(BIN)/assent schema export --check
	@$(BIN)/assent schema compare

fmt: $(SETUP) ## Format the code and mend what can be mended
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

lint: $(SETUP) ## Check style and formatting
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)

types: $(SETUP) ## Check types, strictly
	@$(BIN)/mypy

imports: $(SETUP) ## Check that every import keeps to the layers
	@$(BIN)/lint-imports

schema: $(SETUP) ## Write schema.graphql anew
	@$(BIN)/assent schema export

bench: setup ## Measure what is claimed, beside its limits
	@$(BIN)/python -m bench

lock: $(SETUP) ## Write the hashed locks anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra dev pyproject.toml -o requirements-dev.lock

clean: ## Remove what was built and cached; data under .assent stay
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	rm -rf web/graphiql/node_modules web/graphiql/dist
