package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/collect/worker"
)

// testdata/CHECKS.md is the contract with endpoints and their dashboards: its types and details are
// those of the registry, and the other way round.
func TestRegistryAgreesWithContract(t *testing.T) {
	contract := collecttest.ReadContract(t)
	if len(contract) < 25 {
		t.Fatalf("CHECKS.md was not understood: %d types", len(contract))
	}
	types := make(map[string]collect.Type)
	for _, typ := range registered(t) {
		types[typ.Name] = typ
		documented, ok := contract[typ.Name]
		if !ok {
			t.Errorf("%s is in virgo check --list and not in CHECKS.md", typ.Name)
			continue
		}
		for _, d := range typ.Details {
			if !slices.Contains(documented.Details, d.Name) {
				t.Errorf("%s takes %q, which CHECKS.md does not name", typ.Name, d.Name)
			}
		}
	}
	for name, documented := range contract {
		typ, ok := types[name]
		if !ok {
			t.Errorf("%s is in CHECKS.md and not in virgo check --list", name)
			continue
		}
		for _, detail := range documented.Details {
			if !slices.ContainsFunc(typ.Details, func(d collect.Detail) bool { return d.Name == detail }) {
				t.Errorf("%s takes %q in CHECKS.md and not in virgo check --list", name, detail)
			}
		}
	}
}

// The types that list their targets are those that CHECKS.md names.
func TestTargetsAgreeWithContract(t *testing.T) {
	text, err := os.ReadFile("../../testdata/CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, bullet, ok := strings.Cut(string(text), "\n- Targets (`check.targets`): ")
	bullet, _, end := strings.Cut(bullet, "\n- ")
	if !ok || !end {
		t.Fatal("CHECKS.md does not name the types that list their targets")
	}
	documented := regexp.MustCompile(`agent\.[a-z_]+`).FindAllString(bullet, -1)
	for _, typ := range registered(t) {
		if _, lists := typ.Checker.(collect.Targeter); lists != slices.Contains(documented, typ.Name) {
			t.Errorf("%s lists its targets: %v, and CHECKS.md says the opposite", typ.Name, lists)
		}
	}
}

// The types of host information are those that CHECKS.md lists.
func TestHostInfoAgreesWithContract(t *testing.T) {
	text, err := os.ReadFile("../../testdata/CHECKS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## Host information")
	_, list, ok2 := strings.Cut(section, "not for this system:\n")
	list, _, ok3 := strings.Cut(list, ".\n")
	if !ok || !ok2 || !ok3 {
		t.Fatal("CHECKS.md does not list the types of host information")
	}
	documented := strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(", \n", r) })
	var offered []string
	for _, info := range worker.LoadCatalog().HostInfo {
		offered = append(offered, info.Name)
		if !slices.Contains(documented, info.Name) {
			t.Errorf("%s is in virgo hostinfo --list and not in CHECKS.md", info.Name)
		}
	}
	for _, name := range documented {
		if !slices.Contains(offered, name) {
			t.Errorf("%s is in CHECKS.md and not in virgo hostinfo --list", name)
		}
	}
}
