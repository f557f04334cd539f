package worker

import (
	"bytes"
	_ "embed" // catalogJSON
	"encoding/json"
	"fmt"

	"virgo/collect"
)

// catalogJSON describes what the worker program offers, so that the agent need not start it to know. It is
// written by "virgo-checks catalog", and a test of that program holds it to the truth.
//
//go:embed catalog.json
var catalogJSON []byte

// A Catalog is what a worker program offers.
type Catalog struct {
	Checks   []CheckType `json:"checks"`
	HostInfo []InfoType  `json:"host_info"`
}

// A CheckType describes a type of check.
type CheckType struct {
	Name    string           `json:"name"`
	Summary string           `json:"summary"`
	Details []collect.Detail `json:"details,omitempty"`
	Telling []string         `json:"telling,omitempty"`
}

// An InfoType describes a type of host information.
type InfoType struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Systems that it is for, as GOOS names them; none means all.
	Systems []string  `json:"systems,omitempty"`
	Keys    []InfoKey `json:"keys,omitempty"`
}

// An InfoKey is one key of an answer: its name as JSON has it, its kind, and what it is.
type InfoKey struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Doc  string `json:"doc"`
}

// Offered is the catalog. It is decoded anew each time, for it is asked for once in a process and not in an
// ordinary run.
func Offered() Catalog {
	var c Catalog
	if err := json.Unmarshal(catalogJSON, &c); err != nil {
		panic(fmt.Sprintf("the catalog of virgo-checks: %v", err)) // a mistake of the build, which a test finds
	}
	return c
}

// TellsHostInfo says whether there is host information of that name. It looks for it in the catalog's text: decoding the
// catalog costs more memory than the rest of a run, and every run asks where its owner denies something.
func TellsHostInfo(name string) bool {
	_, infos, _ := bytes.Cut(catalogJSON, []byte("\n \"host_info\": [\n"))
	return bytes.Contains(infos, fmt.Appendf(nil, "\n   \"name\": %q,\n", name)) // a key's name is indented further
}

// offeredChecks is the catalog's first part, read no further: a run that has such a check due does not pay for the
// description of all host information.
func offeredChecks() []CheckType {
	var checks []CheckType
	dec := json.NewDecoder(bytes.NewReader(catalogJSON))
	for _, want := range []json.Token{json.Delim('{'), "checks"} {
		if got, err := dec.Token(); got != want {
			panic(fmt.Sprintf("the catalog of virgo-checks does not begin with its checks: %v, %v", got, err)) // a mistake of the build, as above
		}
	}
	if err := dec.Decode(&checks); err != nil {
		panic(fmt.Sprintf("the catalog of virgo-checks: %v", err))
	}
	return checks
}

// Types are the checks of the worker program, each run by p.
func (p *Program) Types() []collect.Type {
	offered := offeredChecks()
	types := make([]collect.Type, len(offered))
	for i, t := range offered {
		types[i] = collect.Type{Name: t.Name, Summary: t.Summary, Details: t.Details, Telling: t.Telling, Checker: checker{p}}
	}
	return types
}
