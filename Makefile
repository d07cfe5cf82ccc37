# FitAI. `make run` and `make test` need the Swift toolchain and apt; everything else is installed by scripts/setup.sh.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Debug builds in two minutes from nothing, release in five; `make run CONFIGURATION=release` serves a release build.
CONFIGURATION ?= debug
FITAI := .build/$(CONFIGURATION)/fitai

# Directories are listed too, so that a removed file rebuilds as well. With nothing newer, Swift is not even asked.
SOURCES := Package.swift $(shell find Sources)

LINTED := Sources Tests loadtest Package.swift
# Parts of the tests that run side by side, the longest first: a part of the Swift ones is a regular expression of targets,
# without their fuzzes, which are a part by themselves.
SWIFT_TESTS := 'APITests|ProtocolTests' 'RealtimeTests|ClientTests' 'ServerTests|StoreTests' Fuzz
PYTHON_TESTS := $(wildcard Tests/browser Tests/openapi Tests/clients Tests/analytics Tests/spec Tests/objects Tests/autobahn)
CRASH_ROUNDS ?= 50
FUZZ_SEQUENCES ?= 100000
FUZZ_INPUTS ?= 10000000
FUZZ_ORDER ?= 1000
SANITIZED_INPUTS ?= 1000000
# More flags for the build of the tests, as for one without debug information, which takes less time.
BUILD_FLAGS ?=
SOAK ?= Crash|Fuzz|Drill|DoubleKill|Ghost|Undurable
SLOW_PERCENT ?= 33

.PHONY: help run demo test test-swift test-python test-slow test-sanitized lint format bench soak clean setup-run setup-test setup-lint

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 16

run: $(FITAI) ## Build what changed and serve on http://127.0.0.1:8080
	@exec $(FITAI) serve

demo: $(FITAI) ## Serve with two demo users and a real training log lifted live
	@exec $(FITAI) demo

test: setup-test .venv/.installed ## Run every test
	swift build --build-tests $(BUILD_FLAGS)
	@# Most of the time tests wait (for Postgres, a socket, a process): more of them at once than there are cores.
	@printf '%s\n' $(SWIFT_TESTS) $(PYTHON_TESTS) | xargs -P 3 -n 1 scripts/run_tests.sh

test-swift: setup-test ## Run the Swift tests
	swift build --build-tests $(BUILD_FLAGS)
	@printf '%s\n' $(SWIFT_TESTS) | xargs -P 2 -n 1 scripts/run_tests.sh

test-python: setup-test .venv/.installed ## Run the tests that are written in Python
	swift build --build-tests $(BUILD_FLAGS)
	@printf '%s\n' $(PYTHON_TESTS) | xargs -P 2 -n 1 scripts/run_tests.sh

lint: setup-lint ## Check formatting and the house rules
	swift format lint --strict --recursive $(LINTED)
	python3 scripts/house_rules.py $(LINTED)

format: ## Format every Swift file in place
	swift format format --in-place --recursive $(LINTED)

bench: setup-test ## Measure fan-out and the write path against their targets
	loadtest/bench/run.sh

test-slow: setup-test .venv/.installed ## Run every test on a third of a core (SLOW_PERCENT): none may depend on the machine's speed
	swift build --build-tests $(BUILD_FLAGS)
	scripts/slow.sh $(SLOW_PERCENT) swift test --skip-build --no-parallel
	set -e; for folder in $(PYTHON_TESTS); do \
		scripts/slow.sh $(SLOW_PERCENT) .venv/bin/python -m pytest -q -p no:cacheprovider $$folder; done

# AddressSanitizer sees what our code hands to C (zlib, gd, brotli, libpq) and what C writes through libc; the libraries
# themselves are Debian's. Swift traps on overflow by itself, and its compiler has no other undefined-behaviour checks.
test-sanitized: setup-test ## Run the fuzz of every decoder under AddressSanitizer (SANITIZED_INPUTS)
	swift build --build-tests --sanitize=address --scratch-path .build-sanitized
	@# The quarantine would look like growth.
	ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1 FITAI_FUZZ_INPUTS=$(SANITIZED_INPUTS) \
		swift test --skip-build --sanitize=address --scratch-path .build-sanitized --no-parallel --filter DecoderFuzz

# Ten million inputs for every decoder take a debug build hours; overflow traps in a release build as well.
soak: setup-test .venv/.installed ## Run the crash and fuzz tests for long (CRASH_ROUNDS, FUZZ_…), Autobahn's suite, every test slowly
	swift build --build-tests $(BUILD_FLAGS)
	FITAI_CRASH_ROUNDS=$(CRASH_ROUNDS) FITAI_FUZZ_SEQUENCES=$(FUZZ_SEQUENCES) \
		swift test --skip-build --filter '$(SOAK)' --skip DecoderFuzz
	swift build --build-tests --configuration release -Xswiftc -enable-testing --scratch-path .build-release
	FITAI_FUZZ_INPUTS=$(FUZZ_INPUTS) swift test --skip-build --configuration release -Xswiftc -enable-testing \
		--scratch-path .build-release --no-parallel --filter DecoderFuzz
	FITAI_FUZZ_INPUTS=$(FUZZ_INPUTS) .venv/bin/python -m pytest -q -p no:cacheprovider Tests/browser/test_modules.py \
		-k whatever_comes
	FITAI_FUZZ_ORDER=$(FUZZ_ORDER) .venv/bin/python -m pytest -q -p no:cacheprovider Tests/browser/test_order_fuzz.py
	$(MAKE) test-sanitized
	python3 Tests/autobahn/published.py
	$(MAKE) test-slow

clean: ## Remove what was built, but no data
	rm -rf .build .build-sanitized .build-release .venv

$(FITAI): $(SOURCES) | setup-run
	swift build --configuration $(CONFIGURATION) --product fitai
	@touch $@

.venv/.installed: Tests/requirements.txt | setup-test
	python3 -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement Tests/requirements.txt
	@touch $@

setup-run setup-test setup-lint: setup-%:
	@scripts/setup.sh $*
