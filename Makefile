# `make` or `make help` lists the targets.
VERSION ?= 0.1.0
COMMIT  := $(shell git rev-parse --short HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.release=$(VERSION) -X main.commit=$(COMMIT)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
PLATFORMS := $(foreach os,linux darwin freebsd windows,$(os)/amd64 $(os)/arm64)
PORTABLE  := ./cmd/virgo/... ./cmd/virgo-checks/... ./collect/... ./spool/... ./schedule/... ./transport
TORTURE  ?= 1h
FUZZTIME ?= 10s
# Pinned, so that a new check is a decision and not a surprise.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help build test race lint docs demo cross bench torture fuzz fuzz-main clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 10

build: ## bin/virgo, bin/virgo-checks and bin/virgo-endpoint, static
	$(BUILD) -o bin/ ./cmd/virgo ./cmd/virgo-checks ./cmd/virgo-endpoint

test: ## every test
	go test ./...

race: ## every test, under the race detector (needs a C compiler)
	go test -race ./...

lint: ## gofmt, go vet here and for the other systems, staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	GOOS=windows go vet $(PORTABLE)
	GOOS=darwin go vet $(PORTABLE)
	GOOS=freebsd go vet $(PORTABLE)
	go run $(STATICCHECK) ./...

demo: build ## the whole way on this machine: endpoint, enrolment, three runs, one of them cut off
	@sh testdata/demo.sh bin

docs: ## what is made from the checks themselves: the catalog in virgo, the table in the README
	@mkdir -p bin
	go run ./cmd/virgo-checks catalog > bin/catalog.json
	mv bin/catalog.json collect/worker/catalog.json
	go test -count=1 -run '^TestReadmeListsTheChecks$$' ./cmd/virgo -update

cross: ## the programs for every system that is built for
	@for p in $(PLATFORMS); do \
		echo "$$p"; \
		for program in virgo virgo-checks virgo-endpoint; do \
			GOOS=$${p%/*} GOARCH=$${p#*/} $(BUILD) -o /dev/null ./cmd/$$program || exit 1; \
		done; \
	done

bench: ## measure whole runs and print the table of the README
	go run ./cmd/virgo-bench

torture: ## bad days for an hour, or for TORTURE=15m and some minutes more; the numbers of cases are in bin/torture
	@mkdir -p bin && rm -f bin/torture
	VIRGO_TORTURE=$(TORTURE) VIRGO_TORTURE_REPORT=$(CURDIR)/bin/torture go test -count=1 -timeout 3h ./cmd/virgo/internal/torture
	VIRGO_TORTURE=1m VIRGO_TORTURE_REPORT=$(CURDIR)/bin/torture go test -count=1 -timeout 1h -run '^(TestDamage|TestKilledAtAnyMoment)$$' ./spool ./transport/endpoint
	@cat bin/torture

fuzz-main: ## a minute each of what reads frames, schedules, configuration, bundles, records
	go test -run '^$$' -fuzz '^FuzzReadFrame$$' -fuzztime 1m -fuzzminimizetime 10x ./transport
	go test -run '^$$' -fuzz '^FuzzParseEndpoint$$' -fuzztime 1m -fuzzminimizetime 10x ./schedule
	go test -run '^$$' -fuzz '^FuzzLoad$$' -fuzztime 1m -fuzzminimizetime 10x ./cmd/virgo/internal/config
	go test -run '^$$' -fuzz '^FuzzReader$$' -fuzztime 1m -fuzzminimizetime 10x ./spool/bundle
	go test -run '^$$' -fuzz '^FuzzServe$$' -fuzztime 20s -fuzzminimizetime 10x ./collect/worker
	go test -run '^$$' -fuzz '^FuzzRecord$$' -fuzztime 1m -fuzzminimizetime 10x ./spool

fuzz: ## ten seconds, or FUZZTIME, of every fuzz target
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r f; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$f" | while read -r name; do \
			echo "$$f $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$$f")" || exit 1; \
		done || exit 1; \
	done

clean: ## what was built
	rm -rf bin
