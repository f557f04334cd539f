package installed

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/lines"
	"virgo/spool"
)

// play notes runs of checks, a minute apart: for each check its results, "." or the letter of a failure.
func play(sha256 string, results map[string]string) Standing {
	kinds := map[rune]string{'.': "", 'e': "error", 'm': "memory", 'b': KindBundle, 'l': KindLoad}
	var s Standing
	for id, runs := range results {
		for n, r := range runs {
			s.Note(sha256, id, "script."+id, kinds[r], at(n))
		}
	}
	return s
}

func TestVerdict(t *testing.T) {
	trial := Summary{Version: "2.0.0", SHA256: "new", State: OnTrial, SinceMS: at(0).UnixMilli()}
	good := trial
	good.State = Good
	for _, tt := range []struct {
		name        string
		trial       Summary
		before, now map[string]string
		scheduled   string
		after       time.Duration
		want        Decision
		reason      string
	}{
		{"nothing ran", trial, map[string]string{"a": "..."}, nil, "a", time.Minute, Wait, ""},
		{"one failure", trial, map[string]string{"a": "..."}, map[string]string{"a": "e"}, "a", time.Minute, Wait, ""},
		{"two failures", trial, map[string]string{"a": "..."}, map[string]string{"a": "ee"}, "a", time.Minute, Back, "script.a fails (status of a) and did not before"},
		{"memory twice", trial, map[string]string{"a": "...", "b": "..."}, map[string]string{"a": "mm", "b": "..."}, "a b", time.Minute, Back, "script.a fails (status of a) and did not before"},
		{"failed in between", trial, map[string]string{"a": "..."}, map[string]string{"a": "e.e"}, "a b", time.Minute, Wait, ""},
		{"failed before, too", trial, map[string]string{"a": "..e"}, map[string]string{"a": "eee"}, "a b", time.Minute, Wait, ""},
		{"failed before, too, and long enough", trial, map[string]string{"a": "..e"}, map[string]string{"a": "eee"}, "a", time.Minute, Keep, ""},
		{"as many healed", trial, map[string]string{"a": "...", "b": "e"}, map[string]string{"a": "ee", "b": ".."}, "a b", time.Minute, Wait, ""},
		{"more broken than healed", trial, map[string]string{"a": ".", "b": "e", "c": "."}, map[string]string{"a": "ee", "b": "..", "c": "ee"}, "a b c", time.Minute, Back, "script.a fails (status of a) and did not before; and 1 more"},
		{"a new check, twice", trial, nil, map[string]string{"a": "ee"}, "a", time.Minute, Wait, ""},
		{"a new check, three times", trial, nil, map[string]string{"a": "eee"}, "a", time.Minute, Back, "script.a fails (status of a)"},
		{"cannot be loaded", trial, map[string]string{"a": "..."}, map[string]string{"a": "b", "b": "b"}, "a", time.Minute, Back, "no script of it can be loaded: status of a"},
		{"cannot be loaded, of which one runs", trial, nil, map[string]string{"b": "b"}, "a b", time.Minute, Back, "no script of it can be loaded: status of b"},
		{"could not be loaded before, too", trial, map[string]string{"a": "b"}, map[string]string{"a": "b"}, "a", time.Minute, Back, "no script of it can be loaded: status of a"},
		{"no script loads", trial, map[string]string{"a": "..."}, map[string]string{"a": "l", "b": "l"}, "a b", time.Minute, Back, "no script of it can be loaded: status of a"},
		{"the one that ran does not load", trial, map[string]string{"a": "..."}, map[string]string{"a": "l"}, "a b", time.Minute, Wait, ""},
		{"one script loads", trial, map[string]string{"a": "..."}, map[string]string{"a": "l", "b": "e"}, "a b", time.Minute, Wait, ""},
		{"one cannot be loaded", trial, map[string]string{"a": "...", "b": "."}, map[string]string{"a": "b", "b": "."}, "a", time.Minute, Wait, ""},
		{"three good runs", trial, map[string]string{"a": "..."}, map[string]string{"a": "..."}, "a", time.Minute, Keep, ""},
		{"three good runs of one of two", trial, nil, map[string]string{"a": "..."}, "a b", time.Minute, Wait, ""},
		{"a day", trial, nil, map[string]string{"a": "."}, "a b", 25 * time.Hour, Keep, ""},
		{"a day without a script", trial, nil, nil, "a b", 25 * time.Hour, Wait, ""},
		{"a week without a script", trial, nil, nil, "", 7 * 24 * time.Hour, Wait, ""},
		{"a clock set back", trial, nil, map[string]string{"a": "."}, "a", -25 * time.Hour, Wait, ""},
		{"not on trial", good, map[string]string{"a": "..."}, map[string]string{"a": "eee"}, "a", time.Minute, Wait, ""},
	} {
		s := play("new", tt.now)
		v := s.Verdict(tt.trial, play("old", tt.before), strings.Fields(tt.scheduled), at(0).Add(tt.after), func(id string) string { return "status of " + id })
		if v.Decision != tt.want || v.Reason != tt.reason || v.Unloadable != strings.HasPrefix(tt.reason, "no script") {
			t.Errorf("%s: %+v, want %v %q", tt.name, v, tt.want, tt.reason)
		}
	}
	other := play("another", map[string]string{"a": "eee"})
	if v := other.Verdict(trial, Standing{}, nil, at(9), nil); v.Decision != Wait {
		t.Errorf("another bundle's standing: %+v", v)
	}
}

// The standing of one bundle is the baseline of the next, and comes back with it.
func TestStandingOverBundles(t *testing.T) {
	f, sp := newFolder(t), openSpool(t)
	l := lock(t, f)
	store := func(i Installed) {
		t.Helper()
		update(t, sp, func(tx *spool.Tx) error { return Store(tx, i) })
	}
	expect := func(version, standing, baseline string) {
		t.Helper()
		update(t, sp, func(tx *spool.Tx) error {
			s := ReadSummary(tx)
			got, base := ReadStanding(tx), ReadBaseline(tx)
			if s.Version != version || got.Checks["a"].Failed != standing || base.Checks["a"].Failed != baseline {
				t.Errorf("%q, standing %+v, baseline %+v, want %q %q %q", s.Version, got, base, version, standing, baseline)
			}
			return nil
		})
	}
	note := func(i Installed, failed string) {
		t.Helper()
		update(t, sp, func(tx *spool.Tx) error {
			s := ReadStanding(tx)
			s.Note(i.Current.SHA256, "a", "script.a", failed, at(1))
			return s.Put(tx)
		})
	}
	one := install(t, l, "1.0.0", "one")
	store(one)
	note(one, "first")
	expect("1.0.0", "first", "")
	two := install(t, l, "2.0.0", "two")
	store(two)
	expect("2.0.0", "", "first")
	note(two, "second")
	store(two) // again, after a crash
	expect("2.0.0", "second", "first")
	back, err := l.SwitchBack(two.Current.SHA256, "no", at(2))
	if err != nil {
		t.Fatal(err)
	}
	store(back)
	expect("1.0.0", "first", "")
	update(t, sp, func(tx *spool.Tx) error {
		s := ReadSummary(tx)
		if s.Text() != "back 2.0.0: no" || s.State != Good || s.Refused != 1 || s.Differs(back) || !s.Differs(two) {
			t.Errorf("%+v", s)
		}
		return nil
	})
	gone, err := l.SwitchBack(back.Current.SHA256, "no", at(3))
	if err != nil {
		t.Fatal(err)
	}
	store(gone)
	expect("", "", "")
}

func TestStandingIsBounded(t *testing.T) {
	sp := openSpool(t)
	var s Standing
	for n := range maxChecks + 2 {
		s.Note("x", fmt.Sprintf("check %d", n), "script.a", "some error", at(n))
	}
	update(t, sp, func(tx *spool.Tx) error { return s.Put(tx) })
	update(t, sp, func(tx *spool.Tx) error {
		s := ReadStanding(tx)
		_, oldest := s.Checks["check 1"]
		_, next := s.Checks["check 2"]
		if len(s.Checks) != maxChecks || oldest || !next {
			t.Errorf("%d checks", len(s.Checks))
		}
		return nil
	})
}

func TestDue(t *testing.T) {
	now := at(0)
	ms := func(d time.Duration) int64 { return now.Add(d).UnixMilli() }
	for _, tt := range []struct {
		name string
		r    Renewal
		told int64
		want Reason
	}{
		{"never asked", Renewal{}, 0, ReasonDaily},
		{"asked just now", Renewal{AskedMS: ms(0)}, 0, ""},
		{"asked yesterday", Renewal{AskedMS: ms(-25 * time.Hour)}, 0, ReasonDaily},
		{"told since", Renewal{AskedMS: ms(-time.Minute)}, ms(0), ReasonTold},
		{"told before", Renewal{AskedMS: ms(-time.Minute)}, ms(-time.Hour), ""},
		{"told, and a pause", Renewal{AskedMS: ms(-time.Minute), FailedMS: ms(-time.Minute), UntilMS: ms(time.Hour)}, ms(0), ""},
		{"a pause that is over", Renewal{AskedMS: ms(-time.Minute), FailedMS: ms(-time.Hour), UntilMS: ms(-time.Minute)}, ms(0), ReasonTold},
		{"a pause, and the clock set back", Renewal{AskedMS: ms(-time.Minute), FailedMS: ms(time.Hour), UntilMS: ms(2 * time.Hour)}, ms(0), ReasonTold},
		{"a download", Renewal{AskedMS: ms(-time.Minute), Unfinished: true}, 0, ReasonUnfinished},
		{"the clock was set back a week", Renewal{AskedMS: ms(7 * 24 * time.Hour)}, 0, ReasonDaily},
	} {
		// An agent whose own time of day is far from now.
		if got := tt.r.Due(now, tt.told, "agent-7"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	asked, times := Renewal{AskedMS: ms(-time.Minute)}, map[int]bool{}
	for n := range 48 {
		id, hour := fmt.Sprintf("host-%d", n), 0
		for ; asked.Due(now.Add(time.Duration(hour)*time.Hour), 0, id) == "" && hour < 30; hour++ {
		}
		if hour > 24 {
			t.Errorf("%s is not asked within a day", id)
		}
		times[hour] = true
	}
	if len(times) < 12 {
		t.Errorf("48 agents ask in %d different hours", len(times))
	}
}

func FuzzStanding(f *testing.F) {
	f.Add([]byte("sha256 \"x\"\ncheck \"3 2 1000 error script.a a b\"\ncheck \"x\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s, again Standing
		lines.Parse(b, &s)
		lines.Parse(lines.Append(nil, &s), &again)
		if len(again.Checks) != len(s.Checks) || len(s.Checks) > maxChecks {
			t.Errorf("%+v, then %+v", s, again)
		}
	})
}
