# Everything a newcomer needs: make demo, make test, make check. A fresh machine has Python 3.11 with venv, and make.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2
NPM ?= npm

.DEFAULT_GOAL := help
.PHONY: help demo test test-emulators soak check words bench wheel lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: .venv/.installed ## a made-up company: vendor files in, answers out
	$(BIN)/aispend demo

test: .venv/.installed ## the tests, in a few minutes
	$(BIN)/python -m pytest -n $(WORKERS) -m "not soak and not emulator"

test-emulators: .venv/.installed ## the journeys in a Slack nobody here wrote; skipped where npm cannot install it (Node 20)
	cd tests/emulators && { [ node_modules/.package-lock.json -nt package-lock.json ] || $(NPM) ci --no-audit --no-fund --fetch-retries=1; } || \
		echo "npm cannot install the emulators here: what needs them is skipped."
	$(BIN)/python -m pytest -m emulator tests/emulators

soak: .venv/.installed ## the long fault runs: kill -9, two writers
	$(BIN)/python -m pytest -m soak

check: .venv/.installed ## format, lint, types, import contracts, links
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/test_documents.py -k link

words: .venv/.installed ## take new and changed sentences into the catalogues
	PYTHONPATH=tests $(BIN)/python tests/messages/test_words.py

bench: .venv/.installed ## ratios measured in one run; ROWS=10000000 for the full size
	cd benchmarks && ../$(BIN)/python first_load.py $(or $(ROWS),1000000) parquet sqlite
	cd benchmarks && ../$(BIN)/python first_load.py $(or $(ROWS),1000000) csv sqlite
	cd benchmarks && ../$(BIN)/python first_load.py $(or $(ROWS),1000000) parquet postgresql
	cd benchmarks && ../$(BIN)/python questions.py $(or $(ROWS),1000000)
	cd benchmarks && ../$(BIN)/python questions.py $(or $(ROWS),1000000) postgresql
	cd benchmarks && ../$(BIN)/python restating.py $(or $(ROWS),1000000)
	cd benchmarks && ../$(BIN)/python restating.py $(or $(ROWS),1000000) postgresql
	cd benchmarks && ../$(BIN)/python ask_process.py
	cd benchmarks && ../$(BIN)/python accountability.py $(or $(ROWS),1000000)
	cd benchmarks && ../$(BIN)/python sending.py 2000
	cd benchmarks && ../$(BIN)/python sending.py 2000 postgresql
	cd benchmarks && ../$(BIN)/python chat.py $(or $(ROWS),1000000)
	cd benchmarks && ../$(BIN)/python chat.py $(or $(ROWS),1000000) busy
	cd benchmarks && ../$(BIN)/python beside_litellm.py $(or $(ROWS),1000000)
	cd benchmarks && GENERATOR_PYTHON=$(or $(GENERATOR_PYTHON),../$(BIN)/python) ../$(BIN)/python forecast.py
	cd benchmarks && $(or $(GENERATOR_PYTHON),../$(BIN)/python) anomaly.py
	cd benchmarks && ../$(BIN)/python variance.py 6000

wheel: .venv/.installed ## build the wheel, install it into an empty environment, run the demo from there
	rm -rf build/wheel && mkdir -p build/wheel
	$(BIN)/python -m build --quiet --no-isolation --wheel --outdir build/wheel .
	$(PYTHON) -m venv build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
	build/wheel/venv/bin/python -m pip install --quiet --no-deps build/wheel/*.whl
	cd build/wheel && venv/bin/aispend demo

lock: .venv/.installed ## pin the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev pyproject.toml -o requirements.lock

clean: ## remove what make made
	rm -rf .venv build dist aispend-demo
