# The house's doors. `make help` lists them; everything else is in README.md and docs/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Extra words for pip when it installs PyTorch, such as an --index-url of a CPU or CUDA build.
TORCH_ARGS ?=
TORCH := torch==2.13.0
UNLOCKED := $(shell grep -oE '^name = "(nvidia-[^"]+|cuda-[^"]+|triton|torch)"' uv.lock | cut -d'"' -f2)
EXPORT = $(BIN)/uv export --quiet --frozen --no-emit-project --no-header --no-annotate $(addprefix --no-emit-package ,$(UNLOCKED))

.DEFAULT_GOAL := help
.PHONY: help demo up down backup restore test check format bench judgement faults fuzz lock clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## Start everything, submit the examples, print the board (two minutes at first, then seconds)
	$(BIN)/python -m examples.demo

up: $(VENV)/.demo ## Start everything in the foreground; Ctrl-C ends it
	$(BIN)/python -m app.embedded up

down: ## Stop what `make demo` started; its data stays
	@test ! -x $(BIN)/python || $(BIN)/python -m app.embedded down

backup: $(VENV)/.demo ## Write database and files into one file (FILE=palmares-backup.tar), while everything runs
	$(BIN)/python -m app.embedded backup $(or $(FILE),palmares-backup.tar)

restore: $(VENV)/.demo ## Fill an empty data folder from such a file (FILE=…)
	$(BIN)/python -m app.embedded restore $(or $(FILE),palmares-backup.tar)

test: $(VENV)/.dev ## Run all tests (own servers, real workers, real model)
	$(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.dev ## Lint, types, import contracts, quick tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_house.py tests/scoring tests/llm tests/examples --deselect tests/scoring/test_embedding.py

format: $(VENV)/.dev ## Format the code and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure against named rivals, as ratios; writes docs/performance.md
	$(BIN)/python -m bench

judgement: $(VENV)/.dev ## Judge texts whose place is known, by every metric; writes docs/judgement.md
	$(BIN)/python -m bench.judgement

faults: $(VENV)/.dev ## Kill, freeze and wipe at length while 2,000 submissions run, and take guards away to see tests fail
	$(BIN)/python -m tests.faults.guards
	$(BIN)/python -m tests.faults.soak --write
	$(BIN)/python -m tests.hostile.measure --write

fuzz: $(VENV)/.dev ## Try archives, texts and lives of submissions that nobody thought of (PALMARES_FUZZ: how many, by default 2,000)
	PALMARES_FUZZ=$${PALMARES_FUZZ:-2000} $(BIN)/python -m pytest tests/fuzz -q -p no:cacheprovider
	$(BIN)/python -m tests.hostile.measure --write

lock: $(VENV)/.dev ## Resolve the dependencies anew and export the hashed lists
	$(BIN)/uv lock --upgrade
	$(EXPORT) --no-dev -o requirements/client.txt
	$(EXPORT) --no-dev --extra server --extra models -o requirements/server.txt
	$(EXPORT) --no-dev --all-extras --group install -o requirements/demo.txt
	$(EXPORT) --all-extras --all-groups -o requirements/dev.txt

clean: down ## Delete the environment and the demo's data
	rm -rf $(VENV) .palmares build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Palmares needs Python 3.11 or newer; name one with PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_ARGS) $(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/demo.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
