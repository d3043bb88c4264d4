# What one does here, and how. Each target is one line of what anybody could type.

PKG      ?= ./...
FUZZTIME ?= 60s
REDOCLY  := @redocly/cli@2.77.0
VULN     := golang.org/x/vuln/cmd/govulncheck@v1.8.0
TOOL     := go tool -modfile=deploy/tools.mod
DEV      := bin/dev
BOX      := deploy/box
# Runs a command with the real parts up; a suite that misses its part then fails instead of being skipped.
REAL     := CARILLON_REAL_PARTS=required $(DEV) run --
# What is shipped holds neither symbols nor what a debugger reads: the compiler need not write it either (a seventh of its time).
LEAN     := -trimpath -gcflags=all=-dwarf=false -ldflags='-s -w'

CONTRACTS  := $(wildcard contracts/openapi.yaml contracts/asyncapi.yaml)
RULE_TESTS := $(wildcard deploy/prometheus/*test*.yml deploy/prometheus/*test*.yaml)
RULES      := $(filter-out $(RULE_TESTS),$(wildcard deploy/prometheus/*rules*.yml deploy/prometheus/*rules*.yaml))

.DEFAULT_GOAL := help
.PHONY: help run demo build test race check fmt lint contract rules bench chaos cover fuzz \
	services services-down services-status image image-demo box vuln clean dev

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build it and watch messages travel; needs only Go
	bin/carillon-demo

demo: run ## the same

build: ## both programs, static and stripped, in bin/: carillon, and carillon-demo with its simulators
	CGO_ENABLED=0 go build $(LEAN) -o bin/ ./cmd/carillon ./cmd/carillon-demo

test: dev ## all tests, against the real PostgreSQL, Kafka and moto
	$(REAL) go test $(TESTFLAGS) $(PKG)

race: dev ## the same with the race detector; needs a C compiler
	CGO_ENABLED=1 $(REAL) go test -race $(TESTFLAGS) $(PKG)

check: fmt lint contract rules box test ## everything that must hold before a change is handed in

fmt: ## format all Go files
	$(TOOL) golangci-lint fmt

lint: ## read all Go files with .golangci.yml; builds the linter the first time
	$(TOOL) golangci-lint run

contract: ## lint the OpenAPI and AsyncAPI files; needs npx
ifeq ($(CONTRACTS),)
	@echo "contract: there is no contracts/openapi.yaml or contracts/asyncapi.yaml"
else
	@command -v npx >/dev/null || { echo "contract: npx is missing; install Node.js with npm (on Debian: apt-get install npm)"; exit 1; }
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) lint $(CONTRACTS)
endif

rules: dev ## check and test the Prometheus rules; gets promtool when it is missing
	@test -n "$(RULES)" || echo "rules: there is no deploy/prometheus/*rules*.yml"
ifneq ($(RULES),)
	"$$($(DEV) tool promtool)" check rules $(RULES)
endif
ifneq ($(RULE_TESTS),)
	"$$($(DEV) tool promtool)" test rules $(RULE_TESTS)
endif

bench: dev ## measure, side by side with peers
	$(REAL) go run -C bench .

chaos: dev ## break things on purpose, at full length
	CARILLON_CHAOS=full $(REAL) go test -run Chaos -count=1 -timeout 60m $(TESTFLAGS) ./cmd/carillon/...

cover: dev ## test, and say how much of the code ran; bin/cover.html shows where
	$(REAL) go test -coverpkg=./... -coverprofile=bin/cover.out $(TESTFLAGS) $(PKG)
	go tool cover -html=bin/cover.out -o bin/cover.html
	go tool cover -func=bin/cover.out | tail -n 1

fuzz: ## run every fuzz target for FUZZTIME each
	@mkdir -p bin
	@go test -list '^Fuzz' $(PKG) > bin/fuzz.txt || { cat bin/fuzz.txt; exit 1; }
	@awk '/^Fuzz/ { names[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, names[i]; n = 0 }' bin/fuzz.txt | \
	while read -r pkg name; do \
		echo "fuzz: $$pkg $$name"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$pkg" || exit 1; \
	done

services: dev ## start the real parts and leave them running; .dev/services.env says where they are
	$(DEV) up

services-status: dev ## what runs, and where
	$(DEV) status

services-down: dev ## stop them and drop their data
	$(DEV) down

image: build ## an OCI image in bin/carillon.oci.tar, without Docker; PUSH=registry.example/carillon:1.2.3 sends it off
	go run -C $(BOX) . -binary $(CURDIR)/bin/carillon -out $(CURDIR)/bin/carillon.oci.tar \
		-version "$$(git describe --tags --always --dirty)" -revision "$$(git rev-parse HEAD)" \
		-created "$$(TZ=UTC0 git show -s --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd)" $(if $(PUSH),-push $(PUSH))

image-demo: build ## the same of the demo, for the compose file; it has simulators in it and is not for production
	go run -C $(BOX) . -binary $(CURDIR)/bin/carillon-demo -out $(CURDIR)/bin/carillon-demo.oci.tar -tag carillon-demo:latest

box: ## check image, compose file and Kubernetes objects; gets some modules the first time
	go vet -C $(BOX) ./...
	go test -C $(BOX) $(TESTFLAGS) ./...

vuln: ## look for known vulnerabilities; needs the network
	go run $(VULN) ./...

clean: services-down ## stop the services, remove what was built
	rm -rf bin .dev

dev: # the program that starts the real parts, deploy/dev
	@go build -o $(DEV) ./deploy/dev
