package installed

import (
	"strings"
	"testing"
)

func TestStateText(t *testing.T) {
	current := Ref{Name: "standard", Version: "1.4.0", SHA256: "a", SinceMS: 1000}
	refused := func(at int64) []Refusal { return []Refusal{{Version: "2.0.0", Reason: "no key", AtMS: at}} }
	back := Refusal{Version: "2.0.0", Reason: strings.Repeat("x", 300), AtMS: 900}
	for _, tt := range []struct {
		in   Installed
		want string
	}{
		{Installed{}, ""},
		{Installed{Current: current, State: OnTrial}, "trial"},
		{Installed{Current: current, State: Good}, "good"},
		{Installed{Current: current, State: Good, Refused: refused(1500)}, "refused 2.0.0: no key"},
		{Installed{Current: current, State: Good, Refused: refused(500)}, "good"},
		{Installed{Current: current, State: OnTrial, Refused: refused(1500)}, "trial"},
		{Installed{Refused: refused(500)}, "none; refused 2.0.0: no key"},
		{Installed{Current: current, State: Good, Back: Refusal{Version: "2.0.0", Reason: "script.x fails"}}, "back 2.0.0: script.x fails"},
		{Installed{Back: back}, "none; back 2.0.0: " + strings.Repeat("x", 238)},
	} {
		s := summaryOf(tt.in, Summary{})
		if got := s.Text(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.in, got, tt.want)
		}
		if len(s.Text()) > maxStateBytes {
			t.Errorf("%d bytes", len(s.Text()))
		}
	}
}
