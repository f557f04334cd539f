package capability

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	many := make([]string, MaxPatterns+1)
	for i := range many {
		many[i] = "/x"
	}
	for _, c := range []struct {
		set  Set
		want string
	}{
		{nil, ""},
		{Set{Files: {"/proc/mdstat"}, Programs: {"smartctl"}}, ""},
		{Set{"disks": {"/"}}, `unknown kind of need "disks"`},
		{Set{Files: {""}}, "files: empty pattern"},
		{Set{Unix: {strings.Repeat("x", MaxPatternBytes+1)}}, "unix: pattern of 1025 bytes"},
		{Set{Files: many}, "65 patterns"},
	} {
		err := c.set.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.set, err, c.want)
		}
	}
}

func TestNeedsAreSorted(t *testing.T) {
	s := Set{Figures: {"agent.memory"}, Files: {"/b", "/a"}}
	var got []string
	for _, n := range s.Needs() {
		got = append(got, n.String())
	}
	if want := `files "/a",files "/b",figures "agent.memory"`; strings.Join(got, ",") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ","), want)
	}
	if !s.Equal(Set{Files: {"/a", "/b"}, Figures: {"agent.memory"}}) || s.Equal(Set{Files: {"/a"}}) {
		t.Error("Equal does not compare the patterns")
	}
}
