package alarm

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// steps applies a script to a machine: a time, and OK, W, C, U (unknown), N (true that nothing holds, but
// clear is not), S (the host is silent) or T (time passes). It returns the transitions, as text.
func steps(t *testing.T, r *Rule, script string) string {
	t.Helper()
	var m Machine
	var out []string
	for _, word := range strings.Fields(script) {
		at, what, ok := strings.Cut(word, ":")
		d, err := time.ParseDuration(at)
		if !ok || err != nil {
			t.Fatalf("%q: %v", word, err)
		}
		for _, c := range scriptStep(&m, r, what, capturedTime.Add(d)) {
			out = append(out, describe(c))
		}
		m = restored(t, m)
	}
	return strings.Join(out, ", ")
}

func scriptStep(m *Machine, r *Rule, what string, at time.Time) []Transition {
	v := Verdict{MayClear: true, Period: time.Minute}
	switch what {
	case "W":
		v.State = Warning
	case "C":
		v.State = Critical
	case "U":
		v.State = Unknown
	case "N":
		v.MayClear = false
	case "S":
		return m.Silence(r, at)
	case "T":
		return m.Tick(r, at)
	}
	return m.Step(r, v, at)
}

func describe(c Transition) string {
	text := fmt.Sprintf("%v %v→%v", c.At.Sub(capturedTime), c.Was, c.State)
	switch c.Flap {
	case FlapBegan:
		text += fmt.Sprintf(" flapping(%d)", c.Changes)
	case FlapEnded:
		text += fmt.Sprintf(" calm(%d)", c.Changes)
	}
	return text
}

// restored returns the machine as it comes back from where it is stored.
func restored(t *testing.T, m Machine) Machine {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var back Machine
	if err := back.UnmarshalBinary(b); err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	if (len(b) == 0) != m.IsZero() {
		t.Fatalf("%+v is stored as %x", m, b)
	}
	return back
}

func TestMachine(t *testing.T) {
	at10m := &Rule{For: Span{Time: 10 * time.Minute}, ClearFor: Span{Time: 5 * time.Minute}}
	at3p := &Rule{For: Span{Count: 3}, ClearFor: Span{Count: 2}}
	once := &Rule{For: Span{Count: 1}}
	for _, c := range []struct {
		name   string
		rule   *Rule
		script string
		want   string
	}{
		{"at once", once, "0s:OK 1m:W 2m:W 3m:OK", "1m0s OK→WARNING, 3m0s WARNING→OK"},
		{"three results", at3p, "0s:W 1m:W 2m:OK 3m:W 4m:W 5m:W 6m:OK 7m:OK", "5m0s OK→WARNING, 7m0s WARNING→OK"},
		{"the first result is bad", at3p, "0s:C 1m:C 2m:C", "2m0s OK→CRITICAL"},
		{
			"a time", at10m, "0s:W 2m:W 4m:W 6m:W 8m:W 10m:W 11m:OK 14m:OK 17m:OK",
			"10m0s OK→WARNING, 16m0s WARNING→OK",
		},
		{"a time that runs out between results", at10m, "0s:W 3m:W 6m:W 9m:W 11m:OK", "10m0s OK→WARNING"},
		{"a time that runs out without results", at10m, "0s:W 3m:W 6m:W 9m:W 10m:T", "10m0s OK→WARNING"},
		{"who stops sending is not in alarm", at10m, "0s:W 1m:W 20m:T", ""},
		{"a gap begins anew", at10m, "0s:W 1m:W 20m:W 23m:W 26m:W 29m:W 31m:W", "30m0s OK→WARNING"},
		{"worse at once", at3p, "0s:W 1m:W 2m:W 3m:C 4m:W 5m:W 6m:OK 7m:OK", "2m0s OK→WARNING, 3m0s WARNING→CRITICAL, 5m0s CRITICAL→WARNING, 7m0s WARNING→OK"},
		{"pending turns critical", at3p, "0s:W 1m:C 2m:C", "2m0s OK→CRITICAL"},
		{"it may not clear", once, "0s:W 1m:N 2m:N 3m:OK", "0s OK→WARNING, 3m0s WARNING→OK"},
		{"clear of a rule that is OK", once, "0s:N 1m:N", ""},
		{"one value is missing", at3p, "0s:W 1m:U 2m:W 3m:W", "3m0s OK→WARNING"},
		{"values are missing", once, "0s:W 1m:U 2m:U 3m:U 4m:U 5m:W", "0s OK→WARNING, 3m0s WARNING→UNKNOWN, 5m0s UNKNOWN→WARNING"},
		{"values are missing, then OK", once, "0s:U 1m:U 2m:U 3m:OK", "2m0s OK→UNKNOWN, 3m0s UNKNOWN→OK"},
		{"silence", once, "0s:W 5m:S 6m:S 9m:W", "0s OK→WARNING, 5m0s WARNING→SILENT, 9m0s SILENT→WARNING"},
		{"silence, then OK", once, "0s:W 5m:S 9m:OK", "0s OK→WARNING, 5m0s WARNING→SILENT, 9m0s SILENT→OK"},
		{"silence ends what was pending", at3p, "0s:W 1m:W 5m:S 9m:W 10m:W", "5m0s OK→SILENT, 9m0s SILENT→OK"},
		{"silence ends without a value", once, "5m:S 9m:U", "5m0s OK→SILENT, 9m0s SILENT→OK"},
		{
			"flapping", once, "0s:W 1m:OK 2m:C 3m:OK 4m:W 5m:OK 6m:W 10m:T 21m:T 22m:T",
			"0s OK→WARNING, 1m0s WARNING→OK, 2m0s OK→CRITICAL, 3m0s CRITICAL→OK, 4m0s OK→CRITICAL flapping(5), 21m0s CRITICAL→WARNING calm(7)",
		},
		{"flapping ends before the next change", once, "0s:W 1m:OK 2m:W 3m:OK 4m:W 5m:OK 30m:W", "0s OK→WARNING, 1m0s WARNING→OK, 2m0s OK→WARNING, 3m0s WARNING→OK, 4m0s OK→WARNING flapping(5), 20m0s WARNING→OK calm(6), 30m0s OK→WARNING"},
		{"it gets worse while it flaps", once, "0s:W 1m:OK 2m:W 3m:OK 4m:W 5m:C 6m:OK", "0s OK→WARNING, 1m0s WARNING→OK, 2m0s OK→WARNING, 3m0s WARNING→OK, 4m0s OK→WARNING flapping(5), 5m0s WARNING→CRITICAL"},
		{"slow changes do not flap", once, "0s:W 10m:OK 20m:W 30m:OK 40m:W 50m:OK", "0s OK→WARNING, 10m0s WARNING→OK, 20m0s OK→WARNING, 30m0s WARNING→OK, 40m0s OK→WARNING, 50m0s WARNING→OK"},
	} {
		if got := steps(t, c.rule, c.script); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestSinceOutlivesSilence(t *testing.T) {
	r := &Rule{For: Span{Count: 1}}
	var m Machine
	scriptStep(&m, r, "C", capturedTime)
	scriptStep(&m, r, "S", capturedTime.Add(time.Hour))
	if m.State != Silent || !m.Since.Equal(capturedTime.Add(time.Hour)) || m.Base != Critical {
		t.Errorf("silent: %v since %v over %v", m.State, m.Since, m.Base)
	}
	scriptStep(&m, r, "C", capturedTime.Add(2*time.Hour))
	if m.State != Critical || !m.Since.Equal(capturedTime) {
		t.Errorf("it is critical since %v, want %v", m.Since, capturedTime)
	}
}

// TestReplayInAnyBatches replays random verdicts as they came, with time passing at other moments between
// them, and with the machine stored and read again: the changes are the same.
func TestReplayInAnyBatches(t *testing.T) {
	rules := []*Rule{
		{For: Span{Count: 1}}, {For: Span{Count: 3}, ClearFor: Span{Count: 2}},
		{For: Span{Time: 10 * time.Minute}, ClearFor: Span{Time: 5 * time.Minute}},
		{For: Span{Time: 90 * time.Second}, ClearFor: Span{Count: 1}},
	}
	words := []string{"OK", "OK", "OK", "W", "W", "C", "U", "N", "S"}
	transitions := 0
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 14))
		rule := rules[seed%uint64(len(rules))]
		type event struct {
			at   time.Time
			what string
		}
		var log []event
		at := capturedTime
		for range 120 {
			at = at.Add(time.Duration(random.IntN(150_000)) * time.Millisecond)
			if random.IntN(30) == 0 {
				at = at.Add(time.Duration(random.IntN(60)) * time.Minute)
			}
			log = append(log, event{at, words[random.IntN(len(words))]})
		}
		replay := func(ticks bool) []string {
			var m Machine
			var out []string
			last := capturedTime
			for _, e := range log {
				if ticks {
					var between []time.Time
					for range random.IntN(4) {
						between = append(between, last.Add(time.Duration(random.Int64N(int64(e.at.Sub(last))+1))))
					}
					slices.SortFunc(between, time.Time.Compare)
					for _, tick := range between {
						for _, c := range m.Tick(rule, tick) {
							out = append(out, describe(c))
						}
					}
					m = restored(t, m)
				}
				for _, c := range scriptStep(&m, rule, e.what, e.at) {
					out = append(out, describe(c))
				}
				last = e.at
			}
			return out
		}
		want, got := replay(false), replay(true)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d:\n got %q\nwant %q", seed, got, want)
		}
		transitions += len(want)
	}
	if transitions < 1000 {
		t.Errorf("only %d transitions in all", transitions)
	}
}

func FuzzMachineStored(f *testing.F) {
	r := &Rule{For: Span{Count: 1}}
	for _, script := range []string{"C", "C OK C OK C", "S", "U U U", "W"} {
		var m Machine
		for i, word := range strings.Fields(script) {
			scriptStep(&m, r, word, capturedTime.Add(time.Duration(i)*time.Minute))
		}
		b, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Machine
		if m.UnmarshalBinary(b) != nil {
			return
		}
		m.Step(r, Verdict{State: Warning, MayClear: true}, capturedTime)
		m = restored(t, m)
		m.Tick(r, capturedTime.Add(time.Hour))
		restored(t, m)
	})
}
