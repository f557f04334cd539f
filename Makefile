# `make` or `make help` lists the targets.
VERSION ?= 0.1.0
COMMIT  := $(shell git rev-parse --short HEAD 2>/dev/null)
# virgo-run starts only the virgo whose file contains the same text.
AGENT   := virgo-build $(VERSION) $(COMMIT);
LDFLAGS := -s -w -X "virgo/cmd/internal/agent.build=$(AGENT)" -X main.release=$(VERSION) -X main.commit=$(COMMIT)
BUILD   := CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)'
# virgo-run is to be small. A run makes one handshake, whose code is 125 kB less where the compiler inlines nothing
# in it; and where package fmt is not inlined, nor is fmt.Errorf in hundreds of places, which are 55 kB. Neither
# costs measurable CPU time (virgo-bench).
RUN     := -gcflags=crypto/tls=-l -gcflags=crypto/x509=-l -gcflags=fmt=-l ./cmd/virgo-run
BIN     ?= bin
PLATFORMS := $(foreach os,linux darwin freebsd windows,$(os)/amd64 $(os)/arm64)
TORTURE  ?= 1h
FUZZTIME ?= 100000x
# Pinned, so that a new check is a decision and not a surprise.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help build archive bundle test race lint vuln docs pictures demo cross bench torture torture-store fuzz fuzz-main clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' Makefile | expand -t 10

build: ## bin/virgo, bin/virgo-run and bin/virgo-endpoint, static
	$(BUILD) -o $(BIN)/ ./cmd/virgo ./cmd/virgo-endpoint
	$(BUILD) -o $(BIN)/ $(RUN)

archive: build ## bin/virgo-VERSION-OS-ARCH.zip of both programs, for virgo upgrade; sign it: minisign -Sm FILE
	@os=$$(go env GOOS) arch=$$(go env GOARCH); GOOS= GOARCH= go run ./cmd/internal/upgrade/pack \
		$(VERSION) "$(COMMIT)" $$os $$arch bin bin/virgo-$(VERSION)-$$os-$$arch.zip

bundle: build ## bin/standard-VERSION.zip, the published checks in Lua; sign it: bin/virgo bundle sign FILE
	@cd bin && ./virgo bundle build ../collect/script/bundle

test: ## the tests, without those that take minutes or need much
	go test ./...
	@test "$$VIRGO_TEST" = all || echo 'left out: torture, real servers, Wine, namespaces (VIRGO_TEST=all make test)'

race: ## the same under the race detector (needs a C compiler)
	go test -race ./...

lint: ## gofmt, go vet here and for the other systems, staticcheck
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...
	GOOS=freebsd go vet ./...
	go run $(STATICCHECK) ./...

vuln: ## known vulnerabilities in what the programs call; a line where the database cannot be reached
	@mkdir -p bin && GOBIN=$(CURDIR)/bin go install $(GOVULNCHECK)
	@out=$$(bin/govulncheck ./cmd/... 2>&1) || case $$out in \
		*'fetching vulnerabilities'*) echo "known vulnerabilities: not checked, the database cannot be reached";; \
		*) echo "$$out"; exit 1;; \
	esac

demo: build ## endpoint, enrolment and three runs on this machine, one of them while the endpoint is away
	@sh testdata/demo.sh bin

pictures: ## take the README's pictures of the page (needs chromium)
	VIRGO_README_PICTURES=$(CURDIR)/testdata/pictures go test -count=1 -run '^TestPictures$$' ./cmd/virgo-endpoint/internal/web

docs: ## generate the catalogs of checks and the list of published scripts from the code
	go test -count=1 -run '^TestCatalog' ./cmd/virgo -update
	go test -count=1 -run '^TestDocumentation$$' ./collect/script/bundle -update

cross: ## build the programs for every supported system
	@for p in $(PLATFORMS); do \
		echo "$$p"; \
		for program in ./cmd/virgo ./cmd/virgo-endpoint '$(RUN)'; do \
			GOOS=$${p%/*} GOARCH=$${p#*/} $(BUILD) -o /dev/null $$program || exit 1; \
		done; \
	done

bench: ## measure whole runs and print the table of the README
	go run ./cmd/virgo-bench

torture: ## real damage for an hour, or for TORTURE=15m and some minutes more; writes the numbers of cases to bin/torture
	@mkdir -p bin && rm -f bin/torture
	VIRGO_TORTURE=$(TORTURE) VIRGO_TORTURE_REPORT=$(CURDIR)/bin/torture go test -count=1 -timeout 3h ./cmd/internal/torture
	VIRGO_TORTURE=1m VIRGO_TORTURE_REPORT=$(CURDIR)/bin/torture go test -count=1 -timeout 1h -run '^(TestDamage|TestKilledAtAnyMoment)$$' ./spool ./cmd/virgo-endpoint/internal/endtoend
	@cat bin/torture

torture-store: ## random histories of the endpoint's store for TORTURE, then kills at every step
	VIRGO_TORTURE=$(TORTURE) go test -count=1 -timeout 3h -run '^(TestModel|TestKilledProcesses)$$' ./cmd/virgo-endpoint/internal/store

# Fuzzing is bounded by executions: when a -fuzztime in seconds is over, Go before 1.27 may report
# "context deadline exceeded" though nothing was found (go.dev/issue/75804).
fuzz-main: ## fuzz the readers of frames, schedules, configuration, bundles and records for some ten seconds each
	go test -run '^$$' -fuzz '^FuzzReadFrame$$' -fuzztime 75000x -fuzzminimizetime 10x ./transport
	go test -run '^$$' -fuzz '^FuzzParseEndpoint$$' -fuzztime 75000x -fuzzminimizetime 10x ./schedule
	go test -run '^$$' -fuzz '^FuzzLoad$$' -fuzztime 75000x -fuzzminimizetime 10x ./cmd/internal/config
	go test -run '^$$' -fuzz '^FuzzReader$$' -fuzztime 75000x -fuzzminimizetime 10x ./spool/bundle
	go test -run '^$$' -fuzz '^FuzzServe$$' -fuzztime 40000x -fuzzminimizetime 10x ./collect/worker
	go test -run '^$$' -fuzz '^FuzzRecord$$' -fuzztime 75000x -fuzzminimizetime 10x ./spool
	go test -run '^$$' -fuzz '^FuzzFile$$' -fuzztime 40000x -fuzzminimizetime 10x ./spool/internal/boltfile
	go test -run '^$$' -fuzz '^FuzzParsePost$$' -fuzztime 50000x -fuzzminimizetime 10x ./cmd/virgo-endpoint/internal/intake
	go test -run '^$$' -fuzz '^FuzzParse$$' -fuzztime 40000x -fuzzminimizetime 10x ./schedule/scriptbundle

fuzz: ## every fuzz target for FUZZTIME executions, about ten seconds each
	@grep -rl --include='*_test.go' '^func Fuzz' . | while read -r f; do \
		sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$f" | while read -r name; do \
			echo "$$f $$name"; go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$(dirname "$$f")" || exit 1; \
		done || exit 1; \
	done

clean: ## remove what was built
	rm -rf bin
