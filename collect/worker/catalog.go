package worker

import (
	"bytes"
	_ "embed" // catalogJSON
	"encoding/json"
	"fmt"

	"virgo/collect"
)

// catalogJSON describes what the worker offers, so that the agent knows without starting it, and
// programs that do not link the checks know as well. TestCatalog of cmd/virgo compares it with what
// the worker has, and writes it (make docs).
//
//go:embed catalog.json
var catalogJSON []byte

// A Catalog lists the check types and the host information of the worker.
type Catalog struct {
	Checks   []CheckType `json:"checks"`
	HostInfo []InfoType  `json:"host_info"`
}

// A CheckType describes a type of check.
type CheckType struct {
	Name       string           `json:"name"`
	Summary    string           `json:"summary"`
	Details    []collect.Detail `json:"details,omitempty"`
	KeyMetrics []string         `json:"telling,omitempty"`
}

// An InfoType describes a type of host information. What its keys are, package hostinfo knows: virgo-run
// has this catalog too, and nobody asks it.
type InfoType struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Systems are the operating systems that support it, as GOOS names them; empty: all.
	Systems []string `json:"systems,omitempty"`
}

// LoadCatalog decodes the catalog. It does so on each call, because a process needs the catalog at
// most once, and most runs never.
func LoadCatalog() Catalog {
	var c Catalog
	if err := json.Unmarshal(catalogJSON, &c); err != nil {
		panic(fmt.Sprintf("catalog of the worker: %v", err)) // tests exclude it
	}
	return c
}

// HasHostInfo reports whether the catalog has host information of that name. It searches the text
// of the catalog: decoding would take more memory than the rest of a run, and each run whose owner
// denies host information calls it.
func HasHostInfo(name string) bool {
	_, infos, _ := bytes.Cut(catalogJSON, []byte("\n \"host_info\": [\n"))
	return bytes.Contains(infos, fmt.Appendf(nil, "\n   \"name\": %q,\n", name)) // the names of keys are indented further
}

// loadChecks decodes only the first part of the catalog, the checks, so that a run with such a
// check does not pay for the descriptions of host information.
func loadChecks() []CheckType {
	var checks []CheckType
	dec := json.NewDecoder(bytes.NewReader(catalogJSON))
	for _, want := range []json.Token{json.Delim('{'), "checks"} {
		if got, err := dec.Token(); got != want {
			panic(fmt.Sprintf("catalog of the worker: begins with %v (%v), not with its checks", got, err)) // tests exclude it
		}
	}
	if err := dec.Decode(&checks); err != nil {
		panic(fmt.Sprintf("catalog of the worker: %v", err))
	}
	return checks
}

// Types returns the check types of the worker; their checks are run by p.
func (p *Program) Types() []collect.Type {
	checks := loadChecks()
	types := make([]collect.Type, len(checks))
	for i, c := range checks {
		types[i] = collect.Type{
			Name: c.Name, Summary: c.Summary, Details: c.Details, KeyMetrics: c.KeyMetrics, Checker: checker{p},
		}
	}
	return types
}
