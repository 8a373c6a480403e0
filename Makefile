# `make` lists the targets. PORT=18000 moves all ports, LOCAL_DIR=/some/where keeps the data elsewhere, RESET=1 starts
# over, ENFORCE_IAM=1 lets functions do only what their roles grant.
.DEFAULT_GOAL := help
.PHONY: help run start stop sam-local test lint bench rebuild generate screenshots build tools localcloud

# The flags that functions are built with; keep infra/localcloud/build.go in step.
BUILD_ENV := CGO_ENABLED=0 GOFLAGS="-trimpath -tags=lambda.norpc,nethttpomithttp2 -buildvcs=false '-ldflags=-s -w'"
VENV := .local/venv/bin
GOLANGCI := v2.15.0
AWS_DEFAULT_REGION ?= eu-central-1
export AWS_DEFAULT_REGION
export SAM_CLI_TELEMETRY := 0

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: localcloud ## the whole product on this machine, until Ctrl-C
	@.local/bin/localcloud run

start: localcloud ## the same in the background; writes .local/stack.json
	@.local/bin/localcloud start

stop: localcloud ## end what start began; the data is kept
	@.local/bin/localcloud stop

sam-local: localcloud ## the API in containers (sam local start-api) beside a running local cloud
	@.local/bin/localcloud sam-local

test: ## every test layer, journeys included
	@./infra/test.sh

lint: tools .local/bin/golangci-lint-$(GOLANGCI) ## Go and its rooms, template
	.local/bin/golangci-lint-$(GOLANGCI) run ./...
	./infra/lint/bites.sh "$(CURDIR)/.local/bin/golangci-lint-$(GOLANGCI)"
	$(VENV)/cfn-lint template.yaml
	$(VENV)/sam validate --lint
	./infra/checkov.sh

.local/bin/golangci-lint-$(GOLANGCI):
	@echo "installing golangci-lint $(GOLANGCI) into .local/bin (once, some minutes)"
	@GOBIN="$(CURDIR)/.local/bin" go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@cp .local/bin/golangci-lint $@

bench: ## sizes, starts, waits and capacity against their budgets; QUICK=1 is shorter
	@go run ./infra/bench

rebuild: ## rows, search rows and counters of the local cloud against the records; CHECK=1 only looks
	@go run ./infra/rebuild $(if $(CHECK),-check)

generate: ## Go types from infra/openapi.yaml
	@./infra/generate.sh

screenshots: ## every page in every language and width, from what make start began, in .local/screenshots
	@CLIENTELE_REQUIRED=1 CLIENTELE_STACK=$${LOCAL_DIR:-.local}/stack.json go test -count=1 -timeout=35m -run '^TestEveryPage' -v ./infra/pages

build: tools ## what `sam deploy` ships to AWS (arm64)
	$(BUILD_ENV) $(VENV)/sam build

tools: localcloud
	@.local/bin/localcloud tools

localcloud:
	@command -v go >/dev/null || { echo "Go is missing: install 1.26 or newer from https://go.dev/dl/"; exit 1; }
	@[ -x .local/bin/localcloud ] || echo "· building .local/bin/localcloud (once, with the Go modules it needs: up to some minutes without a word)"
	@go build -o .local/bin/localcloud ./infra/localcloud
