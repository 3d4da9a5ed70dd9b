# One command each:  make demo   make test
SHELL := /bin/bash
.DEFAULT_GOAL := help

# uv makes the locked environment; where it is missing, pip fetches it into .tools.
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen --no-sync

.PHONY: help setup compile demo demo-networks up test quick lint bench servers docs screenshots words clean

help:
	@echo "make demo            set everything up and run the main job on the example specs"
	@echo "make demo-networks   the same, with a real Bluesky server and a real WordPress on this machine"
	@echo "make test            set everything up and run all tests"
	@echo "make quick           the tests that need no servers (under a minute)"
	@echo "make compile         make links quicker: what a click passes through as machine code (needs cc)"
	@echo "make bench           measure, against named peers"
	@echo "make docs            the pages that are made from the code"
	@echo "make words           the sentences to be translated; LANGUAGE=fr begins a language"
	@echo "make screenshots     the pages as people see them, into docs/images"
	@echo "make lint            ruff"

.tools/bin/uv:
	$(PYTHON) -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv

setup: $(if $(filter .tools/bin/uv,$(UV)),.tools/bin/uv)
	@$(UV) sync --frozen --quiet --compile-bytecode

compile: setup
	@$(UV) sync --frozen --quiet --compile-bytecode --inexact --group compile
	@$(RUN) python -c "from rolecast.compiled import main; main()"

demo: setup
	@$(RUN) rolecast up

demo-networks: setup servers
	@$(RUN) python -m tests.servers.demo

servers: setup
	@tests/servers/install

test: setup servers compile lint
	@$(RUN) pytest -n 2 --dist worksteal

quick: setup
	@$(RUN) pytest -m "not servers"

lint: setup
	@$(RUN) ruff check .

bench: setup servers compile
	@$(UV) sync --frozen --quiet --compile-bytecode --inexact --group bench
	@for script in start check edit plan publish publish_network rollup bots go board desk grid paint; do $(RUN) python bench/$$script.py || exit 1; done

docs: setup
	@$(RUN) python -m docs.generate

words: setup
	@$(RUN) python -m docs.words $(LANGUAGE)

screenshots: setup servers
	@$(RUN) python -m docs.screenshots

clean:
	rm -rf .venv .tools .rolecast build
