package renewal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/schedule/signature"
	"virgo/transport"
)

// A followed is a host whose programs follow an endpoint.
type followed struct {
	*site
	Programs
	ready   error
	taken   []string
	taking  error
	timeout time.Duration
}

func newFollowed(t *testing.T) *followed {
	t.Helper()
	f := &followed{site: newSite(t), timeout: time.Minute}
	f.Programs = Programs{
		Link: f.site.Link, Folder: t.TempDir(), Ring: signature.Ring{f.signer.Key()}, OS: "linux", Arch: "amd64", MaxBytes: 1 << 20,
		Wants: func(version string) bool { return version != "0.1.0" },
	}
	return f
}

func (f *followed) publish(version string, content []byte, by signature.Signer) {
	f.t.Helper()
	sig, err := by.Sign(content, f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	file := "/upgrades/stable/virgo-" + version + "-linux-amd64.zip"
	f.endpoint.set(func(e *fakeEndpoint) {
		e.files[file], e.files[file+".minisig"] = content, sig
		e.offer = map[string]any{"version": version, "size": len(content), "sha256": hexOf(content)}
	})
}

func (f *followed) follow() (news bool, err error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), f.timeout)
	defer cancel()
	_, news, err = f.Follow(ctx, func() error { return f.ready }, func(_ context.Context, out FetchedArchive) error {
		f.taken = append(f.taken, out.Version)
		return f.taking
	})
	return news, err
}

func (f *followed) renewal() installed.Renewal {
	f.t.Helper()
	st, err := f.Programs.Link.State(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return st.Programs
}

// due returns whether a run some time later asks again; told: it was told that there is another version.
func (f *followed) due(after time.Duration, told bool) bool {
	now, toldMS := f.now.Add(after), int64(0)
	if told {
		toldMS = now.UnixMilli()
	}
	return f.renewal().Due(now, toldMS, "") != ""
}

func (f *followed) left() int {
	entries, err := os.ReadDir(f.Programs.Folder)
	if err != nil {
		f.t.Fatal(err)
	}
	return len(entries)
}

// What each end of a try leads to.
func TestFollow(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("programs"), 25<<10)
	no := errors.New("no")
	const soon, hour = time.Second, transport.RenewalPause
	for _, tt := range []struct {
		name             string
		before           func(f *followed)
		taken            int
		left             int
		err              bool
		news             bool
		soon, told, hour bool // due: in a second, when told in a second, when told after an hour
		toldMinutes      bool // when told after a minute
	}{
		{"taken", func(*followed) {}, 1, 0, false, false, false, true, true, true},
		{"nothing there", func(f *followed) {
			f.endpoint.set(func(e *fakeEndpoint) { e.offer = map[string]any{"version": "0.0.0-0"} })
		}, 0, 0, false, false, false, false, true, false},
		{"not wanted", func(f *followed) { f.publish("0.1.0", content, f.signer) }, 0, 0, false, false, false, false, true, false},
		{"not ready, for a reason that stands", func(f *followed) { f.ready = &NotNowError{no} }, 0, 0, true, true, false, false, true, false},
		{"busy", func(f *followed) { f.ready = no }, 0, 0, true, true, false, false, true, true},
		{"refused", func(f *followed) { f.taking = &NotNowError{no} }, 1, 0, true, true, false, false, true, false},
		{"not taken for another reason", func(f *followed) { f.taking = no }, 1, 2, true, true, false, false, true, true},
		{"no time left", func(f *followed) { f.timeout = takeTime }, 0, 2, true, false, true, true, true, true},
		{"cut", func(f *followed) { f.endpoint.set(func(e *fakeEndpoint) { e.cut = 100 << 10 }) }, 0, 2, true, false, true, true, true, true},
		{"cut at once", func(f *followed) { f.endpoint.set(func(e *fakeEndpoint) { e.cut = 10 }) }, 0, 2, true, true, false, false, true, true},
		{"strange key", func(f *followed) { f.publish("0.2.0", content, newSigner(t)) }, 0, 0, true, true, false, false, true, true},
		{"no network", func(f *followed) { f.endpoint.set(func(e *fakeEndpoint) { e.dial = no }) }, 0, 0, true, true, false, false, true, true},
	} {
		f := newFollowed(t)
		f.publish("0.2.0", content, f.signer)
		tt.before(f)
		news, err := f.follow()
		if len(f.taken) != tt.taken || f.left() != tt.left || (err != nil) != tt.err || news != tt.news {
			t.Errorf("%s: taken %q, %d files left, news %t, %v", tt.name, f.taken, f.left(), news, err)
		}
		if a, b, c, d := f.due(soon, false), f.due(soon, true), f.due(time.Minute, true), f.due(hour, true); a != tt.soon || b != tt.told || c != tt.toldMinutes || d != tt.hour {
			t.Errorf("%s: due in a second %t, when told %t, after a minute %t, after an hour %t; %+v", tt.name, a, b, c, d, f.renewal())
		}
		if !f.due(24*time.Hour, false) {
			t.Errorf("%s: not due a day later", tt.name)
		}
		// The same is no news again, and a growing pause follows.
		if again, _ := f.follow(); again {
			t.Errorf("%s: news again", tt.name)
		}
		if r := f.renewal(); tt.toldMinutes && tt.news && (r.Failures != 2 || f.due(transport.RenewalBackoff, true) || !f.due(2*transport.RenewalBackoff, false)) {
			t.Errorf("%s: the pause does not grow: %+v", tt.name, r)
		}
	}
}

// An endpoint cannot make a host fetch without end, and a process that is killed has failed.
func TestFollowBounds(t *testing.T) {
	t.Parallel()
	f := newFollowed(t)
	content := bytes.Repeat([]byte("programs"), 50<<10)
	f.publish("0.2.0", content, f.signer)
	f.endpoint.set(func(e *fakeEndpoint) { e.cut, e.noRange = 0, true })
	runs := 0
	for ; runs < 10; runs++ {
		var ofDay *dayError
		if _, err := f.follow(); errors.As(err, &ofDay) {
			break
		}
	}
	if want := 1 << 20 / len(content); runs != want {
		t.Errorf("%d times fetched, want %d", runs, want)
	}
	f.endpoint.set(func(e *fakeEndpoint) { e.cut, e.noRange = -1, false })
	f.now = f.now.Add(day)
	f.taking = nil
	if _, err := f.follow(); err != nil || len(f.taken) != 1 || f.renewal().Error != "" {
		t.Errorf("the day after: %v, taken %q, %+v", err, f.taken, f.renewal())
	}

	f.publish("0.3.0", content, f.signer)
	f.timeout = takeTime
	if _, err := f.follow(); !errors.Is(err, ErrNoTime) {
		t.Error(err)
	}
	during := installed.Renewal{}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err := f.Follow(ctx, func() error { return nil }, func(context.Context, FetchedArchive) error {
		during = f.renewal()
		return nil
	})
	if err != nil || during.Failures != 1 || during.UntilMS != f.now.Add(transport.RenewalBackoff).UnixMilli() || !strings.Contains(during.Error, "did not come to its end") ||
		during.DayBytes != int64(2*len(content)) {
		t.Errorf("%v; while it is tried: %+v", err, during)
	}
}
