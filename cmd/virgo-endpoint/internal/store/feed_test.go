package store

import (
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

func TestFeed(t *testing.T) {
	intaketest.RunFeed(t, func(t *testing.T) func(*testing.T) intaketest.FeedStore {
		path := newPath(t)
		return func(t *testing.T) intaketest.FeedStore { return openAt(t, path) }
	})
}

// A reader of a feed keeps its place, and fails if anything comes twice.
type feedPlace struct {
	t    *testing.T
	at   int64
	lost int64
	got  []string
}

// read reads to the end, in small steps.
func (p *feedPlace) read(s *Store) {
	p.t.Helper()
	for before := int64(-1); before != p.at; {
		list, next, lost := intaketest.Fed(p.t, s, p.at, 4)
		for _, one := range list {
			if !strings.HasSuffix(one, "/") && slices.Contains(p.got, one) {
				p.t.Errorf("%s comes twice", one)
			}
			p.got = append(p.got, one)
		}
		before, p.at = p.at, next
		p.lost += lost
	}
	if newest, err := s.Newest(p.t.Context()); err != nil || newest != p.at {
		p.t.Errorf("read up to %d, the newest is %d, %v", p.at, newest, err)
	}
}

// A place is good over days, over roll-overs and over a new start. What was deleted before it was read is counted.
func TestFeedOverDays(t *testing.T) {
	f := newHosts(t, "web1", "web2")
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 3 * retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	p, slow := feedPlace{t: t}, feedPlace{t: t}
	for day := range 9 {
		f.put(3)
		p.read(f.s)
		if day == 0 {
			slow.read(f.s)
		}
		f.day()
		f.reopen()
	}
	if len(p.got) != 9*6 || p.lost != 0 {
		t.Errorf("%d results, %d lost", len(p.got), p.lost)
	}
	slow.read(f.s)
	if kept := len(f.ids()); len(slow.got) != kept+6 || slow.lost != int64(9*6-kept-6) || slow.lost == 0 {
		t.Errorf("%d results and %d lost, of which %d are stored", len(slow.got), slow.lost, kept)
	}
	late := feedPlace{t: t}
	late.read(f.s) // whoever begins with the oldest has lost nothing
	if len(late.got) != len(f.ids()) || late.lost != 0 {
		t.Errorf("%d results, %d lost", len(late.got), late.lost)
	}
}

// A blob that cannot be read costs itself, in the middle and at the end.
func TestFeedDamagedBlob(t *testing.T) {
	for _, which := range []string{"min", "max"} {
		f := newHosts(t, "web1", "web2", "web3")
		f.put(1)
		p := feedPlace{t: t}
		p.read(f.s)
		f.put(5)
		db, err := sql.Open("sqlite", f.s.segmentPath(1))
		if err != nil {
			t.Fatal(err)
		}
		// SQL that names the blob of one agent behind the first three.
		_, err = db.ExecContext(t.Context(), fmt.Sprintf("UPDATE blobs SET data = zeroblob(length(data)) WHERE seq = (SELECT %s(seq) FROM blobs WHERE seq > 3)", which))
		db.Close()
		if err != nil {
			t.Fatal(err)
		}
		p.read(f.s)
		if len(p.got) != 13 || p.lost != 5 {
			t.Errorf("%s: %d results, %d lost", which, len(p.got), p.lost)
		}
		f.put(1)
		p.read(f.s)
		if len(p.got) != 16 || p.lost != 5 {
			t.Errorf("%s: then %d results, %d lost", which, len(p.got), p.lost)
		}
	}
}

// A segment that is no file of ours any more costs itself, also the one that results arrive in, of which nobody knows how many
// it had.
func TestFeedDamagedSegment(t *testing.T) {
	for _, days := range []int{0, 1} {
		f := newHosts(t, "web1")
		p := feedPlace{t: t}
		f.put(2)
		p.read(f.s)
		f.put(5)
		for range days {
			f.day()
			f.put(1)
		}
		path := f.s.segmentPath(1)
		f.s.Close()
		for _, suffix := range []string{"-wal", "-shm"} {
			os.Remove(path + suffix)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		f.s = openAt(t, f.path)
		f.put(3)
		p.read(f.s)
		if want := 2 + days + 3; len(p.got) != want {
			t.Errorf("%d days: %d results, want %d", days, len(p.got), want)
		}
		if p.lost < 1 || p.lost > 5 || days > 0 && p.lost != 5 {
			t.Errorf("%d days: %d lost", days, p.lost)
		}
	}
}

// The rows of an earlier version come as they move into segments, each once, and new results of which a place is behind all
// of them come at once.
func TestFeedOfTable(t *testing.T) {
	f := tableOf(t, 20, "web1", "web2")
	newest, err := f.s.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, fresh := feedPlace{t: t}, feedPlace{t: t, at: newest}
	fresh.read(f.s)
	for i := 0; ; i++ {
		f.put(1)
		fresh.read(f.s)
		if len(fresh.got) != 2*(i+1) {
			t.Errorf("%q", fresh.got)
		}
		list, next, lost := intaketest.Fed(t, f.s, all.at, 30)
		all.got, all.at = append(all.got, list...), next
		if lost != 0 || i == 0 && len(list) != 0 {
			t.Errorf("%d lost, %d passed on", lost, len(list))
		}
		m, err := f.s.moveOn(t.Context(), f.now)
		if err != nil {
			t.Fatal(err)
		}
		if m.Done {
			break
		}
	}
	all.read(f.s)
	if want := len(intaketest.Results(t, f.s, intake.Filter{})); len(all.got) != want || all.lost != 0 || fresh.lost != 0 {
		t.Errorf("%d results of %d, %d lost", len(all.got), want, all.lost)
	}
}

// What arrives costs reading what arrived, however much is stored.
func BenchmarkFeedOfNew(b *testing.B) {
	f := newHosts(b, "web1", "web2", "web3")
	for range 200 {
		f.put(20)
	}
	at, err := f.s.Newest(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		f.put(1)
		b.StartTimer()
		if _, at, _ = intaketest.Fed(b, f.s, at, 100); at == 0 {
			b.Fatal("nothing new")
		}
	}
}
