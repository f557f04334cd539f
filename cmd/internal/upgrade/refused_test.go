package upgrade

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Refused versions are remembered, each once and not without end, until they are accepted.
func TestRefused(t *testing.T) {
	t.Parallel()
	p := Place{Lib: t.TempDir()}
	versions := func() (all []string) {
		t.Helper()
		refused, err := p.Refused()
		if err != nil {
			t.Error(err)
		}
		for _, r := range refused {
			all = append(all, r.Version)
		}
		return all
	}
	if all := versions(); all != nil {
		t.Errorf("%q", all)
	}
	for _, step := range []struct {
		do   func() error
		want []string
	}{
		{func() error { return p.Refuse(Refusal{"0.2.0", "a\nb" + strings.Repeat("x", 1000), 1}) }, []string{"0.2.0"}},
		{func() error { return p.Refuse(Refusal{"0.3.0", "y", 2}) }, []string{"0.2.0", "0.3.0"}},
		{func() error { return p.Refuse(Refusal{"0.2.0", "z", 3}) }, []string{"0.3.0", "0.2.0"}},
		{func() error { return p.Accept("0.3.0") }, []string{"0.2.0"}},
		{func() error { return p.Accept("0.9.0") }, []string{"0.2.0"}},
	} {
		if err := step.do(); err != nil || !reflect.DeepEqual(versions(), step.want) {
			t.Errorf("%q, want %q; %v", versions(), step.want, err)
		}
	}
	all, _ := p.Refused()
	if r := RefusalOf(all, "0.2.0"); r == nil || *r != (Refusal{"0.2.0", "z", 3}) || RefusalOf(all, "0.3.0") != nil {
		t.Errorf("%+v", r)
	}
	for n := range 2 * maxRefused {
		if err := p.Refuse(Refusal{fmt.Sprintf("1.%d.0", n), strings.Repeat("x", 1000), 4}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := p.Refused()
	if err != nil || len(all) != maxRefused || len(all[0].Reason) > maxReasonBytes || RefusalOf(all, "1.31.0") == nil {
		t.Errorf("%d, %v", len(all), err)
	}
	// Of a damaged list nothing is known, and nothing is tried by itself until it has been replaced.
	for _, damaged := range []string{"{", `[{"version": 1}]`, strings.Repeat(" ", maxRefusedBytes+1)} {
		if err := os.WriteFile(filepath.Join(p.Lib, refusedName), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Refused(); err == nil {
			t.Errorf("%.20q is read", damaged)
		}
		if err := p.Refuse(Refusal{"0.5.0", "y", 5}); err != nil || !reflect.DeepEqual(versions(), []string{"0.5.0"}) {
			t.Errorf("%.20q: %v, %q", damaged, err, versions())
		}
	}
}
