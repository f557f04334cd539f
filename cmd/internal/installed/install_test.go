package installed

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestInstall(t *testing.T) {
	f := newFolder(t)
	if _, err := f.Use(nil); !errors.Is(err, ErrNoBundle) {
		t.Errorf("an empty folder: %v", err)
	}
	l := lock(t, f)
	install(t, l, "1.0.0", "one")
	two := install(t, l, "1.1.0", "two")
	if _, err := l.MarkGood(two.Current.SHA256); err != nil {
		t.Fatal(err)
	}
	i := install(t, l, "1.2.0", "three")
	if i.Current.Version != "1.2.0" || i.Previous.Version != "1.1.0" || i.State != OnTrial || i.Current.SinceMS != at(0).UnixMilli() {
		t.Errorf("%+v", i)
	}
	if text, version, _ := content(t, f); text != "three" || version != "1.2.0" {
		t.Errorf("%q of %q", text, version)
	}
	if files := names(t, f); len(files) != 2*2+2 || slices.ContainsFunc(files, func(n string) bool { return strings.HasPrefix(n, "1.0.0") }) {
		t.Errorf("files %q", files)
	}
	again, err := f.Installed()
	if err != nil || again.Current != i.Current || again.Previous != i.Previous {
		t.Errorf("%+v, %v", again, err)
	}
	c, err := f.Read(i.Current)
	if err != nil || string(c.File) != "three" || string(c.Signatures[".minisig"]) != "signature of three" {
		t.Errorf("%+v, %v", c, err)
	}
	if i, err = l.MarkGood(i.Current.SHA256); err != nil || i.State != Good {
		t.Errorf("%+v, %v", i, err)
	}
}

func TestAccepts(t *testing.T) {
	i := Installed{
		Current: Ref{Name: "standard", Version: "1.4.0", SHA256: digest([]byte("current"))},
		Refused: []Refusal{
			{Version: "2.0.0", SHA256: digest([]byte("two")), Reason: "script.x fails"},
			{Version: "2.1.0", SHA256: digest([]byte("bad")), Reason: "signed by nobody", AtMS: 1000, UntilMS: 2000},
			{Version: "2.2.0", Reason: "of any content"},
		},
	}
	forKey := i
	forKey.Refused = slices.Clone(i.Refused)
	forKey.Refused[1].Keys = "ab"
	if stored, err := parse(forKey.encode()); err != nil || !slices.Equal(stored.Refused, forKey.Refused) {
		t.Errorf("%+v, %v", stored.Refused, err)
	}
	pinned := i
	pinned.Pin = "1.5.0"
	ref := func(version, content string) Ref {
		r := Ref{Name: "standard", Version: version}
		if content != "" {
			r.SHA256 = digest([]byte(content))
		}
		return r
	}
	for _, tt := range []struct {
		name  string
		in    Installed
		ref   Ref
		allow Allow
		now   int64
		want  string
	}{
		{"newer", i, ref("1.5.0", "new"), Allow{}, 0, ""},
		{"newer, content not known yet", i, ref("1.5.0", ""), Allow{}, 0, ""},
		{"none before", Installed{}, ref("0.1.0", "new"), Allow{}, 0, ""},
		{"no version", i, ref("1.5", "new"), Allow{}, 0, "such as 1.4.0 or 2.0.0-rc.1"},
		{"the same", i, ref("1.4.0", "current"), Allow{Downgrade: true, Refused: true}, 0, "standard 1.4.0 is installed already"},
		{"the same version", i, ref("1.4.0", ""), Allow{}, 0, "standard 1.4.0 is installed already"},
		{"the same version, changed", i, ref("1.4.0", "other"), Allow{}, 0, "standard 1.4.0 is installed, with another content"},
		{"older", i, ref("1.3.9", "old"), Allow{}, 0, "standard 1.3.9 is older than 1.4.0, which is installed"},
		{"older, a release candidate", i, ref("1.4.0-rc.1", "old"), Allow{}, 0, "standard 1.4.0-rc.1 is older than 1.4.0, which is installed"},
		{"older, allowed", i, ref("1.3.9", "old"), Allow{Downgrade: true}, 0, ""},
		{"another bundle", i, Ref{Name: "mine", Version: "9.0.0"}, Allow{}, 0, `it is bundle "mine", and bundle "standard" is installed`},
		{"went back from it", i, ref("2.0.0", "two"), Allow{Downgrade: true}, 0, "standard 2.0.0 is not taken again: script.x fails"},
		{"went back from it, by its version", i, ref("2.0.0", ""), Allow{}, 0, "standard 2.0.0 is not taken again: script.x fails"},
		{"went back from it, built anew", i, ref("2.0.0", "repaired"), Allow{}, 0, ""},
		{"went back from it, forced", i, ref("2.0.0", "two"), Allow{Refused: true}, 0, ""},
		{"refused for a day", i, ref("2.1.0", "bad"), Allow{}, 1500, "standard 2.1.0 is not taken again: signed by nobody"},
		{"refused, the day after", i, ref("2.1.0", "bad"), Allow{}, 2000, ""},
		{"refused, the clock was set back", i, ref("2.1.0", "bad"), Allow{}, 999, ""},
		{"refused for a day, and a person asks", i, ref("2.1.0", "bad"), Allow{Paused: true}, 1500, ""},
		{"refused for its key", forKey, ref("2.1.0", "bad"), Allow{Keys: "ab"}, 1500, "standard 2.1.0 is not taken again: signed by nobody"},
		{"refused for its key, and the settings have another", forKey, ref("2.1.0", "bad"), Allow{Keys: "cd"}, 1500, ""},
		{"went back from it, and a person asks", i, ref("2.0.0", "two"), Allow{Paused: true, Keys: "cd"}, 0, "standard 2.0.0 is not taken again: script.x fails"},
		{"refused whatever it is", i, ref("2.2.0", "new"), Allow{}, 0, "standard 2.2.0 is not taken again: of any content"},
		{"pinned", pinned, ref("1.6.0", "new"), Allow{}, 0, "standard 1.6.0 is not the version 1.5.0 that this host is pinned to"},
		{"pinned to it", pinned, ref("1.5.0", "new"), Allow{}, 0, ""},
	} {
		err := tt.in.Accepts(tt.ref, tt.allow, tt.now)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if tt.want == "" && err != nil || !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		var no *NotTakenError
		if err != nil && (!errors.As(err, &no) || no.Same != strings.Contains(tt.want, "installed already")) {
			t.Errorf("%s: %#v", tt.name, err)
		}
	}
}

func TestSwitchBack(t *testing.T) {
	f := newFolder(t)
	l := lock(t, f)
	one := install(t, l, "1.0.0", "one")
	two := install(t, l, "2.0.0", "two")
	if i, err := l.SwitchBack(one.Current.SHA256, "another was judged", at(1)); err != nil || i.Current != two.Current {
		t.Errorf("%+v, %v", i, err)
	}
	i, err := l.SwitchBack(two.Current.SHA256, "script.x fails\x1b[31m", at(2))
	if err != nil || i.Current.Version != "1.0.0" || i.State != Good || !i.Previous.IsZero() || i.Back.Version != "2.0.0" {
		t.Fatalf("%+v, %v", i, err)
	}
	if strings.Contains(i.Back.Reason, "\x1b") {
		t.Errorf("reason %q", i.Back.Reason)
	}
	if text, _, _ := content(t, f); text != "one" {
		t.Errorf("scripts of %q", text)
	}
	if _, err := l.Install(candidate("2.0.0", "two"), Allow{}, at(3)); err == nil {
		t.Error("the version that this host went back from was taken again")
	}
	three := install(t, l, "3.0.0", "three")
	if three.Back.Version != "" || len(three.Refused) != 1 {
		t.Errorf("%+v", three)
	}
	// Twice back: there is none left.
	if i, err = l.SwitchBack(three.Current.SHA256, "no", at(4)); err != nil || i.Current.Version != "1.0.0" {
		t.Fatalf("%+v, %v", i, err)
	}
	if i, err = l.SwitchBack(i.Current.SHA256, "no", at(5)); err != nil || !i.Current.IsZero() || i.State != NoState {
		t.Fatalf("%+v, %v", i, err)
	}
	if _, err := l.SwitchBack("", "no", at(6)); !errors.Is(err, ErrNoBundle) {
		t.Error(err)
	}
	if files := names(t, f); len(files) != 2 {
		t.Errorf("files %q", files)
	}
}

func TestPin(t *testing.T) {
	f := newFolder(t)
	l := lock(t, f)
	two := install(t, l, "2.0.0", "two")
	if _, err := l.SetPin("2"); err == nil {
		t.Error("pinned to no version")
	}
	if i, err := l.SetPin("2.0.0"); err != nil || i.Pin != "2.0.0" {
		t.Errorf("%+v, %v", i, err)
	}
	if _, err := l.Install(candidate("3.0.0", "three"), Allow{Downgrade: true, Refused: true}, at(1)); err == nil {
		t.Error("a pinned host took another version")
	}
	if i, err := l.SwitchBack(two.Current.SHA256, "no", at(2)); err != nil || i.Pin != "" {
		t.Errorf("still pinned to a version that it went back from: %+v, %v", i, err)
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	f := newFolder(t)
	l := lock(t, f)
	long := strings.Repeat("x", 10<<10)
	for n := range maxRefused + 3 {
		if _, err := l.Refuse(fmt.Sprintf("1.0.%d", n), digest([]byte{byte(n)}), long, "", at(n), at(n+60)); err != nil {
			t.Fatal(err)
		}
	}
	i, err := f.Installed()
	if err != nil || len(i.Refused) != maxRefused || i.Refused[0].AtMS != at(3).UnixMilli() || len(i.Refused[0].Reason) > maxReasonBytes {
		t.Errorf("%d refusals, %v: %+v", len(i.Refused), err, i)
	}
}

// A damaged file of the current bundle leaves the previous one, then none; never a file that is not listed.
func TestDamaged(t *testing.T) {
	f := newFolder(t)
	l := lock(t, f)
	one := install(t, l, "1.0.0", "one")
	two := install(t, l, "2.0.0", "two")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(two.Current.file(), "twx")
	if text, version, damaged := content(t, f); text != "one" || version != "1.0.0" || !damaged {
		t.Errorf("%q of %q", text, version)
	}
	if err := l.Restore(candidate("2.0.0", "twx")); err == nil {
		t.Error("another file was restored")
	}
	if err := l.Restore(candidate("2.0.0", "two")); err != nil {
		t.Error(err)
	}
	if text, _, damaged := content(t, f); text != "two" || damaged {
		t.Errorf("restored: %q", text)
	}
	write(two.Current.file(), "two and more")
	write(one.Current.file(), "")
	if text, version, _ := content(t, f); version != "" || !strings.Contains(text, "was changed since it was installed") {
		t.Errorf("%q of %q", text, version)
	}
	// What comes next has no damaged bundle behind it.
	if i := install(t, l, "3.0.0", "three"); i.Previous != one.Current {
		t.Errorf("%+v", i)
	}
	for _, text := range []string{"", "x", "sha256 0\n", string(two.encode()[:200]), "sha256 " + digest([]byte(`current_sha256 "../../x"`)) + "\n" + `current_sha256 "../../x"`} {
		write(truthName, text)
		if _, err := f.Use(nil); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if i := install(t, l, "3.0.0", "three"); i.Current.Version != "3.0.0" {
		t.Errorf("over a damaged record: %+v", i)
	}
}

func TestOneAtATime(t *testing.T) {
	f := newFolder(t)
	l := lock(t, f)
	if _, err := f.Lock(); !errors.Is(err, ErrBusy) {
		t.Errorf("a second lock: %v", err)
	}
	l.Unlock()
	lock(t, f)
}

func FuzzParse(f *testing.F) {
	f.Add(Installed{}.encode())
	f.Add([]byte("sha256 x\ncurrent_version \"1\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		body := append([]byte("sha256 "+digest(b)+"\n"), b...)
		i, err := parse(body)
		if err != nil {
			return
		}
		again, err := parse(i.encode())
		if err != nil || again.Current != i.Current || len(again.Refused) != len(i.Refused) {
			t.Errorf("%+v, %+v, %v", i, again, err)
		}
	})
}
