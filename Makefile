# Two commands matter: `make demo` and `make test`. Everything else is a part of them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export FARHOLM_CACHE ?= /var/cache/farholm
JOBS ?= $(shell nproc)
# Of `make demo`: real, or simulated (everything but the containers; no Docker, no Kubernetes, no root).
SITE ?= real
# Whose packages `make setup` installs: words of tools/packages; empty: all of them.
PACKAGES ?=

# Of `make sim`: what chance decides, how many sites, how long things break. Of `make sim-soak`: for how many seconds.
SEED ?= 1
SITES ?= 20
DAYS ?= 30
SECONDS_TO_SOAK ?= 3600

.PHONY: help setup release dev demo demo-clean test unit e2e sim sim-soak fuzz-smoke bench check format generate clean

help: ## this list
	@printf 'Farholm. The two commands:\n\n  make demo    a hub and a real site on this machine, with an app in it\n  make test    every test, on the real parts\n\nTheir parts, and what else there is:\n\n'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

setup: ## install the Debian packages that building and testing need (says which)
	@tools/setup $(PACKAGES)

release: setup ## build what users run, into build/release
	@tools/quietly "building Farholm (release)" cmake --preset release
	@tools/quietly "compiling Farholm (release)" cmake --build --preset release --parallel $(JOBS)

dev: setup ## build with sanitizers and tests, into build/dev
	@tools/quietly "configuring Farholm (dev)" cmake --preset dev
	@tools/quietly "compiling Farholm with sanitizers" cmake --build --preset dev --parallel $(JOBS)

demo: ## run the whole story: hub, site, cluster, app at http://127.0.0.1:8080/ (SITE=simulated: without containers)
	@SITE=$(SITE) demo/run

demo-clean: ## remove what the demo made, and nothing else
	@demo/clean

test: ## every test; ends with one line "N passed, N failed, N skipped"
	@tests/run

unit: dev ## only the tests that need neither root nor Docker
	@tests/run unit

e2e: release ## only the end-to-end test on the real parts
	@tests/run e2e

sim: release ## a simulated fleet while everything breaks (SEED=1 SITES=20 DAYS=30); replays to the byte
	@build/release/src/cmd/farholm-sim --seed $(SEED) --sites $(SITES) --days $(DAYS)

sim-soak: release ## the same under one seed after the other (SECONDS_TO_SOAK=3600)
	@tests/sim/campaign --for $(SECONDS_TO_SOAK) --sites $(SITES) --days $(DAYS)

fuzz-smoke: setup ## every fuzzer for a bounded number of runs
	@tests/run fuzz

bench: release ## measure, and print a table
	@bench/run

check: ## formatter, linter, include rule, generated files: what CI checks beside the tests
	@tools/check

format: ## rewrite the C++ sources in the project's format
	@git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.h' 'tests/*.cpp' 'bench/*.cpp' 'tools/*.cpp' | xargs clang-format-19 -i

generate: dev ## write the files that are generated from the C++ types
	@build/dev/src/profile/farholm_generate .

clean: ## remove the build folders (not the cache)
	@rm -rf build
