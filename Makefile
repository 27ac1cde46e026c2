# A newcomer needs two commands: `make demo` and `make test`.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
  && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SPARK := $(VENV)/.spark

.PHONY: demo test faults check format lock clean
.DELETE_ON_ERROR:

demo: $(INSTALLED) ## everything on this machine, with a simulated retailer
	@$(BIN)/couture demo $(DEMO_ARGS)

# A third of a test's time is waiting for servers, so two cores have work for three
# processes. A file's tests stay in one of them, those of whole installations in the same
# (`tests/conftest.py`); by file, since pytest-xdist 3.8 marks its groups where pytest 9.2
# no longer reads them.
PROCESSES ?= 3
test: check $(SPARK) ## everything that must hold
	$(BIN)/pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder --durations=20 $(TEST_ARGS)

# As in `make test`, but all of it; COUTURE_SEED=N draws other moments.
faults: $(INSTALLED) ## kills, freezes, cut wires, full disks: nothing lost, nothing doubled
	COUTURE_FAULTS=full $(BIN)/pytest tests/faults tests/end_to_end/test_replay.py \
	  tests/resolver/test_shipped_model.py tests/resolver/test_state_machine.py \
	  tests/resolver/test_histories.py tests/api/test_contract.py \
	  --durations=0 $(TEST_ARGS)

check: $(INSTALLED) ## what needs no process: style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal \
  --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links

LOCK_ARGS ?= --upgrade
lock: $(INSTALLED) ## pin what pyproject.toml asks for, with hashes
	$(BIN)/pip install --quiet uv
	$(COMPILE) $(LOCK_ARGS) --extra embedded --extra debezium --extra dlt --extra sftp \
	  --extra mysql --extra otel --extra dev \
	  --output-file requirements.lock
	$(COMPILE) --extra spark --constraint requirements.lock \
	  --output-file requirements-spark.lock

clean:
	rm -rf $(VENV) .couture *.egg-info build .mypy_cache .ruff_cache .pytest_cache \
	  .hypothesis .import_linter_cache

$(INSTALLED): requirements.lock
	@test -n "$(PYTHON)" || { echo "Couture needs Python 3.11 or later: install it, \
	or name it with 'make PYTHON=/path/to/python3.11'." >&2; exit 1; }
	@echo "Creating the environment in $(VENV) (once, about a minute)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Half a gigabyte that only its own tests and `couture load --engine spark` need.
$(SPARK): requirements-spark.lock $(INSTALLED)
	@echo "Installing Spark for its tests (once)"
	@$(BIN)/pip install --quiet --no-build-isolation --require-hashes \
	  --requirement requirements-spark.lock || { test -z "$$CI" && \
	  echo "Spark cannot be installed here: its tests will say so and be skipped."; }
	@touch $@
