# `make` or `make help` lists the targets.
VERSION ?= 0.1.0
COMMIT  := $(shell git rev-parse --short HEAD 2>/dev/null)
LDFLAGS := -s -w -X main.release=$(VERSION) -X main.commit=$(COMMIT)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
PLATFORMS := $(foreach os,linux darwin freebsd windows,$(os)/amd64 $(os)/arm64)
TORTURE  ?= 1h
FUZZTIME ?= 10s
# Pinned, so that a new check is a decision and not a surprise.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help build test race lint demo cross bench torture fuzz fuzz-main clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 10

build: ## bin/virgo and bin/virgo-endpoint, static
	$(BUILD) -o bin/ ./cmd/virgo ./cmd/virgo-endpoint

test: ## every test
	go test ./...

race: ## every test, under the race detector (needs a C compiler)
	go test -race ./...

lint: ## gofmt, go vet here and for the other systems, staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	GOOS=windows go vet ./cmd/virgo/... ./collect/... ./spool/... ./schedule/... ./transport
	GOOS=darwin go vet ./cmd/virgo/... ./collect/... ./spool/... ./schedule/... ./transport
	GOOS=freebsd go vet ./cmd/virgo/... ./collect/... ./spool/... ./schedule/... ./transport
	go run $(STATICCHECK) ./...

demo: build ## the whole way on this machine: endpoint, enrolment, three runs, one of them cut off
	@sh testdata/demo.sh bin

cross: ## both programs for every system that is built for
	@for p in $(PLATFORMS); do \
		echo "$$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o /dev/null ./cmd/virgo || exit 1; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o /dev/null ./cmd/virgo-endpoint || exit 1; \
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
	go test -run '^$$' -fuzz '^FuzzRecord$$' -fuzztime 1m -fuzzminimizetime 10x ./spool

fuzz: ## ten seconds, or FUZZTIME, of every fuzz target
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r f; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$f" | while read -r name; do \
			echo "$$f $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$$f")" || exit 1; \
		done || exit 1; \
	done

clean: ## what was built
	rm -rf bin
