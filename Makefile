# Everything that a developer does here. `make` alone lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# Where pinned development tools are kept, apart from your own. It survives `make clean`.
export TOOLS_DIR ?= $(HOME)/.cache/natter/tools
export PATH := $(TOOLS_DIR)/bin:$(PATH)

DATA_DIR ?= ./data
NATTER := target/release/natter
WEB_MODULES := web/node_modules/.package-lock.json
WEB_APP := web/app/dist/index.html
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path 'web/e2e/*')

.PHONY: run
run: release ## Build everything and open a chat with sample people in ./data
	$(NATTER) serve --demo --data-dir $(DATA_DIR)

.PHONY: test
test: setup-test $(WEB_APP) ## Run every check and every test
	scripts/check.sh test

.PHONY: lint
lint: setup-test $(WEB_APP) ## Run the checks that are not tests
	scripts/check.sh lint

.PHONY: coverage
coverage: setup-coverage $(WEB_APP) ## Measure line coverage; below 90 % fails
	cargo llvm-cov --locked --workspace --ignore-filename-regex '(testkit|xtask)/' --html --output-dir coverage
	cargo llvm-cov report --ignore-filename-regex '(testkit|xtask)/' --fail-under-lines 90

.PHONY: bench
bench: release ## Measure sends, fan-out and idle connections
	for scenario in send fanout idle; do $(NATTER) bench $$scenario --data-dir $(DATA_DIR); done

.PHONY: bench-web
bench-web: release setup-test ## Measure the web client: first page, sending, switching, scrolling, drift, typing
	NATTER_BIN=$(CURDIR)/$(NATTER) npm --prefix web run bench

.PHONY: audit
audit: setup-test ## Look the dependencies up in the advisory database (needs the network)
	cargo deny --locked check advisories
	npm --prefix web audit --omit dev

.PHONY: fmt
fmt: $(WEB_MODULES) ## Format the code
	cargo fmt --all
	npm --prefix web run lint -- --fix

.PHONY: openapi
openapi: $(WEB_APP) ## Write docs/openapi.json, docs/asyncapi.json and the types made from them anew
	mkdir -p target
	cargo run --locked --quiet --package natter-server -- openapi > target/openapi.json
	cargo run --locked --quiet --package natter-server -- asyncapi > target/asyncapi.json
	mv target/openapi.json target/asyncapi.json docs/
	npm --prefix web run generate

.PHONY: migrate-up
migrate-up: release ## Apply the migrations that the database in ./data misses
	$(NATTER) migrate up --data-dir $(DATA_DIR)

.PHONY: migrate-down
migrate-down: release ## Take the newest migration of the database in ./data back
	$(NATTER) migrate down --data-dir $(DATA_DIR)

.PHONY: clean
clean: ## Delete what was built; ./data and the tools stay
	cargo clean
	rm -rf coverage web/node_modules web/*/node_modules web/*/dist

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Cargo knows best whether the binary is up to date.
.PHONY: release
release: setup-run $(WEB_APP)
	cargo build --locked --release --package natter-server

.PHONY: setup-run setup-test setup-coverage
setup-run setup-test setup-coverage: setup-%:
	@scripts/setup.sh $*

$(WEB_MODULES): web/package.json web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

$(WEB_APP): $(WEB_MODULES) $(WEB_SOURCES)
	npm --prefix web run build
	@touch $@
