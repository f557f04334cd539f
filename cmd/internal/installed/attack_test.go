package installed

import (
	"fmt"
	"testing"

	"virgo/spool"
)

// An endpoint that offers ever more files that are not taken does not make this host forget the bundle that it went
// back from: that one would be installed again, and the host would go back and forth.
func TestOffersDoNotMakeItForget(t *testing.T) {
	l := lock(t, newFolder(t))
	install(t, l, "1.0.0", "one")
	two := install(t, l, "2.0.0", "two")
	if _, err := l.SwitchBack(two.Current.SHA256, "script.x fails", at(1)); err != nil {
		t.Fatal(err)
	}
	for n := range maxRefused + 3 {
		if _, err := l.Refuse(fmt.Sprintf("3.0.%d", n), digest([]byte{byte(n)}), "signed by nobody", "", at(2), at(3)); err != nil {
			t.Fatal(err)
		}
	}
	i, err := l.Installed()
	if err != nil || len(i.Refused) != maxRefused {
		t.Errorf("%d refusals, %v", len(i.Refused), err)
	}
	if _, err := l.Install(candidate("2.0.0", "two"), Allow{}, at(4)); err == nil {
		t.Error("the version that this host went back from was taken again")
	}
}

// A bundle that comes while another one is on trial is judged by what had passed its own trial, and leads back there:
// two bad ones in a row leave the good one.
func TestTwoOnTrial(t *testing.T) {
	l, s := lock(t, newFolder(t)), openSpool(t)
	store := func(i Installed) Installed {
		update(t, s, func(tx *spool.Tx) error { return Store(tx, i) })
		return i
	}
	run := func(i Installed, failed string) {
		update(t, s, func(tx *spool.Tx) error {
			standing := ReadStanding(tx)
			standing.Note(i.Current.SHA256, "a", "script.a", failed, at(1))
			return standing.Put(tx)
		})
	}
	one := store(install(t, l, "1.0.0", "one"))
	run(one, "")
	one, err := l.MarkGood(one.Current.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	store(one)
	run(store(install(t, l, "2.0.0", "two")), "error") // once: it is still on trial
	three := store(install(t, l, "3.0.0", "three"))
	if three.Previous != one.Current {
		t.Fatalf("the way back from 3.0.0 leads to %s, which has proven nothing", three.Previous)
	}
	run(three, "error")
	run(three, "error")
	update(t, s, func(tx *spool.Tx) error {
		v := ReadStanding(tx).Verdict(ReadSummary(tx), ReadBaseline(tx), []string{"a"}, at(2), nil)
		if v.Decision != Back {
			t.Errorf("%+v", v)
		}
		return nil
	})
	back := store(must(l.SwitchBack(three.Current.SHA256, "script.a fails", at(3))))
	if back.Current.Version != "1.0.0" || back.State != Good {
		t.Errorf("%+v", back)
	}
	update(t, s, func(tx *spool.Tx) error {
		if k := ReadStanding(tx).Checks["a"]; k.Failed != "" || k.Runs != 1 {
			t.Errorf("standing of the good one: %+v", k)
		}
		return nil
	})
	// What is on trial without one before has nothing to keep.
	none := lock(t, newFolder(t))
	first := install(t, none, "1.0.0", "one")
	if second := install(t, none, "1.1.0", "two"); second.Previous != first.Current {
		t.Errorf("%+v", second)
	}
	// Nor is the way back a bundle that is installed again.
	third := install(t, l, "3.1.0", "again")
	again, err := l.Install(candidate("1.0.0", "one"), Allow{Downgrade: true}, at(4))
	if err != nil || again.Previous != third.Current {
		t.Errorf("%+v, %v", again, err)
	}
}

func must(i Installed, err error) Installed {
	if err != nil {
		panic(err)
	}
	return i
}
