package collect

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func quiet(context.Context, Request) (Report, error) { return Report{}, nil }

func registry(t *testing.T, types ...Type) *Registry {
	t.Helper()
	r, err := NewRegistry(types...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRegistry(t *testing.T) {
	c := CheckerFunc(quiet)
	r := registry(t, Type{Name: "agent.memory", Checker: c}, Type{Name: "agent.cpu", Checker: c}, Type{Name: "remote.tcp", Checker: c})
	if got, ok := r.Lookup("agent.cpu"); !ok || got.Name != "agent.cpu" {
		t.Errorf("agent.cpu: %v %v", got, ok)
	}
	if got, ok := r.Lookup("agent.cp"); ok {
		t.Errorf("agent.cp: %v", got)
	}
	types := r.Types()
	if len(types) != 3 || types[0].Name != "agent.cpu" || types[2].Name != "remote.tcp" {
		t.Errorf("%v", types)
	}
	types[0].Name = "changed"
	if _, ok := r.Lookup("agent.cpu"); !ok {
		t.Error("Types returns the registry's own slice")
	}
	for name, want := range map[string]string{
		"agent.cpuu": "agent.cpu", "cpu": "agent.cpu", "CPU": "agent.cpu", "memroy": "agent.memory",
		"agent.cpu": "agent.cpu", "remote.tpc": "remote.tcp", "": "", "agent.zzzzzz": "", "x": "",
		"agent.mem\x00ory": "agent.memory", "agentcpu": "agent.cpu", "remote.memory": "agent.memory", "agent.zzz": "",
	} {
		if got := r.Suggest(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// Lazy types are found like the others, and loaded once, when a name is not among those.
func TestLazyTypesAreLoadedWhenNeeded(t *testing.T) {
	c := CheckerFunc(quiet)
	loads := 0
	r := registry(t, Type{Name: "agent.memory", Checker: c}, Type{Name: "remote.tcp", Checker: c}).WithLazy(func() []Type {
		loads++
		return []Type{{Name: "remote.http", Checker: c}, {Name: "agent.redis", Checker: c}}
	})
	if _, ok := r.Lookup("remote.tcp"); !ok || loads != 0 {
		t.Errorf("remote.tcp: %v, loaded %d times", ok, loads)
	}
	for name, want := range map[string]bool{"agent.redis": true, "remote.http": true, "agent.memory": true, "agent.mysql": false} {
		if got, ok := r.Lookup(name); ok != want || ok && got.Name != name {
			t.Errorf("%s: %v, %v", name, got.Name, ok)
		}
	}
	var names []string
	for _, typ := range r.Types() {
		names = append(names, typ.Name)
	}
	if want := []string{"agent.memory", "agent.redis", "remote.http", "remote.tcp"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if got := r.Suggest("agent.redsi"); got != "agent.redis" {
		t.Errorf("suggested %q", got)
	}
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

// A family is asked for the names with its prefix alone, and lazy types for all others.
func TestFamilyIsAskedForItsNames(t *testing.T) {
	c := CheckerFunc(quiet)
	families, loads := 0, 0
	r := registry(t, Type{Name: "agent.memory", Checker: c}).WithFamily("script.", func() []Type {
		families++
		return []Type{{Name: "script.b", Checker: c}, {Name: "script.a", Checker: c}}
	}).WithLazy(func() []Type {
		loads++
		return []Type{{Name: "remote.http", Checker: c}}
	})
	for name, want := range map[string]bool{"agent.memory": true, "remote.http": true, "remote.script.a": false, "script": false} {
		if got, ok := r.Lookup(name); ok != want || ok && got.Name != name || families != 0 {
			t.Errorf("%s: %v, %v; the family was asked %d times", name, got.Name, ok, families)
		}
	}
	loads = 0
	for name, want := range map[string]bool{"script.a": true, "script.b": true, "script.c": false} {
		if got, ok := r.Lookup(name); ok != want || ok && got.Name != name || loads != 0 {
			t.Errorf("%s: %v, %v; the other types were loaded %d times", name, got.Name, ok, loads)
		}
	}
	var names []string
	for _, typ := range r.Types() {
		names = append(names, typ.Name)
	}
	if want := []string{"agent.memory", "remote.http", "script.a", "script.b"}; !slices.Equal(names, want) || families != 1 {
		t.Errorf("%q, want %q; the family was asked %d times", names, want, families)
	}
}

func TestNewRegistryErrors(t *testing.T) {
	c := CheckerFunc(quiet)
	for _, types := range [][]Type{
		{{Name: "a", Checker: c}, {Name: "b", Checker: c}, {Name: "a", Checker: c}},
		{{Checker: c}},
		{{Name: "a"}},
	} {
		if _, err := NewRegistry(types...); !errors.Is(err, ErrType) {
			t.Errorf("%v: %v", types, err)
		}
	}
}
