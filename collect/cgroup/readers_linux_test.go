package cgroup_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/host"
	"virgo/collect/hostinfo/hardware"
	"virgo/collect/hostinfo/source"
)

// The check and the host information show the same limits, under the same names.
func TestMemoryOfBothReaders(t *testing.T) {
	for group, want := range map[string]map[string]string{
		"":          {},
		"container": limits("67108864", "67059712", "61440", "104857600", "54177792"),
		"slice":     limits("209715200", "148258816", "88035328", "134217728", "0"),
		"unit":      limits("1073741824", "268435456", "117859943", "1048576", "4096"),
		// The unit in the slice has no limit; memory and swap space are limited together.
		"version1": limits("209715200", "33738752", "207470592", "104857600", "163840"),
	} {
		root := capturedHost(t, group)
		if got := ofCheck(t, root); !maps.Equal(got, want) {
			t.Errorf("%q: agent.memory %v, want %v", group, got, want)
		}
		if got := ofHostInfo(t, root); !maps.Equal(got, want) {
			t.Errorf("%q: hostinfo memory %v, want %v", group, got, want)
		}
	}
}

func limits(limit, used, available, swapLimit, swapUsed string) map[string]string {
	return map[string]string{
		"cgroup_memory_limit": limit, "cgroup_memory_used": used, "cgroup_memory_available": available,
		"cgroup_swap_limit": swapLimit, "cgroup_swap_used": swapUsed,
	}
}

// capturedHost makes a tree of a captured host whose agent is in one of the captured groups.
func capturedHost(t *testing.T, group string) (root string) {
	t.Helper()
	root = t.TempDir()
	captures := filepath.Join("..", "host", "testdata")
	trees := []string{filepath.Join(captures, "server", "first", "proc"), filepath.Join(root, "proc")}
	if group != "" {
		trees = append(trees, filepath.Join(captures, "cgroup", group, "first"), root)
	}
	for ; len(trees) > 0; trees = trees[2:] {
		if err := os.CopyFS(trees[1], os.DirFS(trees[0])); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func ofCheck(t *testing.T, root string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, typ := range host.Types(host.Options{Proc: root + "/proc", Sys: root + "/sys"}) {
		if typ.Name != "agent.memory" {
			continue
		}
		report, err := typ.Checker.Check(t.Context(), collect.Request{Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range report.Metrics {
			if strings.HasPrefix(m.Name, "cgroup_") {
				got[m.Name] = m.Value
			}
		}
	}
	return got
}

func ofHostInfo(t *testing.T, root string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, typ := range hardware.Types() {
		if typ.Name != "memory" {
			continue
		}
		answer, err := typ.Read(t.Context(), &source.Host{Root: root})
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(answer)
		var fields map[string]json.Number
		if err == nil {
			err = json.Unmarshal(b, &fields)
		}
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range fields {
			if strings.HasPrefix(name, "cgroup_") {
				got[name] = n.String()
			}
		}
	}
	return got
}
