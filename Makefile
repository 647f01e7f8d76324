# Everything that a developer and the machine that checks a change run. `make` lists it.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

STAGE ?= dev
BIN := .venv/bin
STAMPS := .local/stamps
COVERAGE := .local/coverage
SAM := .local/envs/sam/bin/sam
PYTEST := $(BIN)/python -m pytest -q
LOOPBACK := --allow-hosts=127.0.0.1,::1,localhost
PROOFS := $(addprefix tests/unit/domain/test_,contribution.py bounds.py) \
	$(addprefix tests/integration/,lives explain faults admin/test_killed_anywhere.py admin/test_keys_killed_anywhere.py \
	$(addprefix reconciliation/test_,interrupted.py fleet.py repairs.py recount_meanwhile.py torn.py) \
	$(addprefix webhooks/test_,burst.py killed_anywhere.py))

# Some machines forbid bytecode, and then each of the hundreds of processes that tests start compiles
# every library anew.
unexport PYTHONDONTWRITEBYTECODE
export SAM_CLI_TELEMETRY := 0

# $(call step,what it does,command): says what, runs it, says how long it took.
step = @started=$$SECONDS; printf '▸ %s\n' "$(1)"; $(2); printf '  %d s\n' $$((SECONDS - started))

# $(call floor,of what,data file,files,percent): the whole report is shown where it is too little.
floor = @report=$(COVERAGE)/report-$(2).txt; \
	$(BIN)/coverage report --data-file=$(COVERAGE)/$(2) --include='$(3)' --fail-under=$(4) > $$report || { cat $$report; exit 1; }; \
	printf '▸ coverage of $(1): %s, at least $(4) %%\n' "$$(awk '$$1 == "TOTAL" {print $$NF}' $$report)"
comma := ,

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- the local stack ---------------------------------------------------------------------------

.PHONY: run up down demo example logs
run: $(STAMPS)/local ## the whole service here, a purchase told step by step; Ctrl-C ends it
	@exec $(BIN)/python -m local run

up: $(STAMPS)/local ## the same in the background; writes .local/stack.json
	@exec $(BIN)/python -m local up

down: $(STAMPS)/venv ## stop what `make up` started
	@exec $(BIN)/python -m local down

demo: $(STAMPS)/venv ## one purchase against the running stack
	@exec $(BIN)/python -m local demo

example: $(STAMPS)/venv ## a micro-app that sells one feature, beside the running stack; Ctrl-C ends it
	@PYTHONPATH=client/src exec $(BIN)/python -m client.examples.notes

logs: $(STAMPS)/venv ## what the functions of the running stack logged
	@exec $(BIN)/python -m local logs

# -- checks ------------------------------------------------------------------------------------

.PHONY: test check fmt openapi monitoring unit integration proofs contract floors client api fuzz concurrency soak e2e
test: ## everything: check, unit, integration, proofs, contract, coverage floors, client, api, concurrency, e2e
	@started=$$SECONDS; \
	$(MAKE) check unit integration proofs contract floors client api concurrency e2e; \
	printf '\nAll passed: check, unit, integration, proofs, contract, coverage floors, client, api, concurrency, e2e in %d s.\n' $$((SECONDS - started))

check: $(STAMPS)/venv $(STAMPS)/template ## format, lint, types, layering, template
	$(call step,ruff format --check,$(BIN)/ruff format --quiet --check .)
	$(call step,ruff check,$(BIN)/ruff check --quiet .)
	$(call step,mypy,$(BIN)/mypy --no-error-summary)
	$(call step,lint-imports,PYTHONPATH=.:layers/billing:client/src $(BIN)/lint-imports --no-logo > .local/lint-imports.log || { cat .local/lint-imports.log; exit 1; })

fmt: $(STAMPS)/venv ## format, and repair what can be repaired
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

openapi: $(STAMPS)/venv ## write docs/openapi.json, the description of the API, from the code
	@PYTHONPATH=layers/billing exec $(BIN)/python -m local.openapi

monitoring: $(STAMPS)/venv ## write monitoring.json and docs/monitoring from local/monitoring
	@exec $(BIN)/python -m local.monitoring

unit: $(STAMPS)/venv ## the domain; sockets disabled
	$(call step,unit tests,COVERAGE_FILE=$(COVERAGE)/unit $(PYTEST) -n auto tests/unit $(PROOFS:%=--ignore=%) --disable-socket --allow-unix-socket --cov --cov-report=)

integration: $(STAMPS)/venv ## the handlers, on moto and the fake Stripe
	$(call step,integration tests,COVERAGE_FILE=$(COVERAGE)/integration $(PYTEST) -n auto tests/integration $(PROOFS:%=--ignore=%) $(LOOPBACK) --cov --cov-report=)

proofs: $(STAMPS)/venv ## lives, kills at every call, histories, a fleet: what takes long, and twice as long if it were measured
	$(call step,proofs,$(PYTEST) -n auto $(PROOFS) $(LOOPBACK))

contract: $(STAMPS)/venv ## the code against the template, the docs and the sample events
	$(call step,contract tests,COVERAGE_FILE=$(COVERAGE)/contract $(PYTEST) -n auto tests/contract $(LOOPBACK) --cov --cov-report=)

floors: $(STAMPS)/venv ## coverage floors; after unit, integration and contract
	@$(BIN)/coverage combine --quiet --keep --data-file=$(COVERAGE)/all $(COVERAGE)/unit $(COVERAGE)/integration $(COVERAGE)/contract
	$(call floor,functions by the integration tests alone,integration,functions/*,70)
	$(call floor,layers/billing by unit$(comma) integration and contract tests,all,layers/billing/*,85)

client: $(STAMPS)/venv ## the client for micro-apps: against a service on a socket, in threads, tasks and forks
	$(call step,client tests,COVERAGE_FILE=$(COVERAGE)/client $(PYTEST) -n auto client/tests $(LOOPBACK) --cov=client/src/billing_client --cov-report=)
	$(call floor,the client,client,client/src/*,90)

api: $(STAMPS)/venv ## requests made up from the description of the API: every answer is described, none is 5xx
	$(call step,api tests,$(PYTEST) -n auto tests/fuzz --ignore=tests/fuzz/test_for_long.py $(LOOPBACK))

fuzz: $(STAMPS)/venv ## the same at random for FUZZ_SECONDS (600) from FUZZ_SEED (1) on
	$(call step,fuzz,FUZZ_SECONDS=$${FUZZ_SECONDS:-600} HYPOTHESIS_PROFILE=soak $(PYTEST) -n auto tests/fuzz/test_for_long.py $(LOOPBACK))

concurrency: $(STAMPS)/local ## many writers on one account, on engines with real transactions
	$(call step,concurrency tests,$(PYTEST) tests/concurrency $(LOOPBACK))

soak: $(STAMPS)/local ## lives, a burst and races for SOAK_SECONDS (600) from SOAK_SEED (1) on
	$(call step,soak,SOAK_SECONDS=$${SOAK_SECONDS:-600} HYPOTHESIS_PROFILE=soak $(PYTEST) tests/soak tests/concurrency $(LOOPBACK))

e2e: $(STAMPS)/local ## two fresh local stacks over HTTP, IAM enforced; each test file has one of them
	$(call step,end-to-end tests,$(PYTEST) -n 2 --dist loadfile --no-loadscope-reorder tests/e2e $(LOOPBACK))

.PHONY: bench
bench: $(STAMPS)/bench ## what it costs, in time, memory and money, against the budgets; ARGS="--quick --check"
	@PYTHONPATH=layers/billing exec $(BIN)/python -m benchmarks $(ARGS)

# -- AWS ---------------------------------------------------------------------------------------

.PHONY: build deploy admin-key redrive wake import backup restore compare drill signing-key
build: $(STAMPS)/local ## artifacts for AWS, into .aws-sam
	@$(BIN)/python -c "import sys; sys.exit(sys.version_info[:2] != (3, 13) and 'AWS runs Python 3.13 and the layers ship its bytecode: rm -r .venv, install 3.13, make build')"
	$(call step,sam build,PATH="$(CURDIR)/$(BIN):$$PATH" LAYER_PYTHON="$(CURDIR)/$(BIN)/python" \
		$(SAM) build --cached --parallel > .local/sam-build.log 2>&1 || { cat .local/sam-build.log; exit 1; })

deploy: build ## deploy STAGE=dev|staging|prod with your AWS credentials
	@$(SAM) deploy --config-env $(STAGE)

admin-key: $(STAMPS)/venv ## print a new admin key: STAGE=… OPERATOR=who-it-is-for ROLE=owner
	@PYTHONPATH=layers/billing exec $(BIN)/python -m local.bootstrap --stack billing-$(STAGE) --operator "$(OPERATOR)" --role "$(or $(ROLE),owner)"

redrive: $(STAMPS)/venv ## put dead letters back on the queue: STAGE=… [ARGS=--dry-run]; STAGE=local is this machine's
	@exec $(BIN)/python -m local.redrive --stack billing-$(STAGE) $(ARGS)

wake: $(STAMPS)/venv ## set every account's next wake-up, where a region takes over: STAGE=… SINCE=when the other stopped
	@PYTHONPATH=layers/billing exec $(BIN)/python -m local.wake --stack billing-$(STAGE) --since "$(SINCE)"

import: $(STAMPS)/venv ## bring an app's Stripe customers along: PROJECT=… FILE=… [ARGS=--dry-run | --help]; API and ADMIN_KEY as docs/operations.md says
	@PYTHONPATH=layers/billing exec $(BIN)/python -m local.importing --project "$(PROJECT)" --file "$(FILE)" $(ARGS)

backup: ## write all that the tables of STAGE=… hold into FOLDER=…
restore: ## put it back into tables that are empty: STAGE=… FOLDER=… [ARGS=--resume]
compare: ## hold the tables against it, item by item: STAGE=… FOLDER=…
backup restore compare: $(STAMPS)/venv
	@exec $(BIN)/python -m local.backup $@ --stack billing-$(STAGE) --folder "$(FOLDER)" $(ARGS)

drill: $(STAMPS)/venv ## lose all that the running local stack remembers, and have it back: FOLDER=…
	@exec $(BIN)/python -m local.backup drill --stack billing-local --folder "$(FOLDER)"

signing-key: $(STAMPS)/venv ## make, or rotate by one step, the key that signs access tokens: STAGE=…
	@PYTHONPATH=layers/billing exec $(BIN)/python -m local.signing_key --stack billing-$(STAGE)

# -- environments: made when first needed, remade when their requirements change ---------------

$(STAMPS)/venv: requirements.txt layers/dependencies/requirements.txt local/environment.sh
	@mkdir -p $(STAMPS) $(COVERAGE)
	@local/environment.sh .venv requirements.txt
	@touch $@

$(STAMPS)/emulator: $(STAMPS)/venv local/emulator-requirements.txt
	@local/environment.sh .local/envs/emulator local/emulator-requirements.txt
	@touch $@

$(STAMPS)/sam: $(STAMPS)/venv local/sam-requirements.txt
	@local/environment.sh .local/envs/sam local/sam-requirements.txt
	@touch $@

$(STAMPS)/bench: $(STAMPS)/local benchmarks/requirements.txt
	@local/environment.sh .local/envs/bench benchmarks/requirements.txt
	@touch $@

$(STAMPS)/local: $(STAMPS)/venv $(STAMPS)/emulator $(STAMPS)/sam
	@touch $@

$(STAMPS)/template: template.yaml monitoring.json $(STAMPS)/sam
	@$(BIN)/python -m local.monitoring --expand > .local/expanded.yaml
	$(call step,sam validate --lint,AWS_DEFAULT_REGION=us-east-1 $(SAM) validate --lint --template .local/expanded.yaml > .local/validate.log 2>&1 || { cat .local/validate.log; exit 1; })
	@touch $@
