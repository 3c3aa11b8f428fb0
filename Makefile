# What a person types; every target sets up what it needs, quickly when it is there already.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check lint types bench train licences sbom clean
PY := .venv/bin/python

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/' | expand -t 14

setup: ## set up only: .venv/, with .venv/bin/sohoa
	@scripts/setup.sh

demo: ## set up, make sample scans, run the main job, say where to look
	@scripts/setup.sh demo
	@PYTHONPATH=. $(PY) -m cli.demo

# CI=1: a server or checker that is not there is a failure, never a test skipped.
test: ## set up, run every test but the long ones
	@scripts/setup.sh dev
	@scripts/test_tools.sh
	@CI=1 $(PY) -m pytest -n 2 --dist loadfile

test-long: ## every test, the long ones too
	@scripts/setup.sh dev
	@scripts/test_tools.sh
	@scripts/test_tools.sh minio
	@scripts/test_tools.sh wapiti
	@CI=1 $(PY) -m pytest -n 2 --dist loadfile -m ""

check: ## lint, types and import rules alone
	@scripts/setup.sh dev
	@$(PY) -m pytest tests/test_house.py

lint: ## lint and format alone
	@scripts/setup.sh dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: ## types alone
	@scripts/setup.sh dev
	@$(PY) -m mypy

bench: ## side by side with the peer; see docs/benchmarks.md
	@scripts/setup.sh dev
	@scripts/bench_peer.sh
	@$(PY) -m benchmarks

train: ## make the line net's weights anew (an hour and a half; wants npm), into var/training; see docs/line-net.md
	@scripts/setup.sh demo
	@scripts/train.sh

licences: ## write docs/licences.md: what is shipped, under which licences
	@scripts/setup.sh dev
	@$(PY) -m scripts.licences --write

sbom: ## write var/sbom.cdx.json: a bill of materials (CycloneDX)
	@scripts/sbom.sh

clean: ## remove what can be made again
	rm -rf .venv .venv-bench .venv-train .venv-sbom .tools var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
