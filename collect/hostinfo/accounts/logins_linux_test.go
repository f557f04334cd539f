package accounts

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

// Records of ARM are 400 bytes long.
func TestParseUtmpWith64BitTimes(t *testing.T) {
	var b []byte
	for i, r := range []utmpRecord{{utmpBoot, "~", "reboot", "5.14.0-427.el9", time.Unix(1<<33, 7000)},
		{utmpUser, "pts/0", "alice", "192.0.2.1", time.Unix(1<<33+60, 0)}} {
		one := make([]byte, 400)
		binary.NativeEndian.PutUint16(one, uint16(r.kind))
		binary.NativeEndian.PutUint32(one[4:], uint32(i+1))
		copy(one[8:], r.line)
		copy(one[44:], r.user)
		copy(one[76:], r.host)
		binary.NativeEndian.PutUint64(one[344:], uint64(r.time.Unix()))
		binary.NativeEndian.PutUint64(one[352:], uint64(r.time.Nanosecond()/1000))
		b = append(b, one...)
	}
	got := parseUtmp(append(b, "half of a record"...))
	if len(got) != 2 || got[0].host != "5.14.0-427.el9" || got[1].user != "alice" ||
		got[1].line != "pts/0" || !got[0].time.Equal(time.Unix(1<<33, 7000)) {
		t.Errorf("%+v", got)
	}
	if got := parseUtmp([]byte(strings.Repeat("no records ", 100))); got != nil {
		t.Errorf("%+v", got)
	}
}

// A record with 32 bits for the seconds gives times after 2038.
func TestParseUtmpAfter2038(t *testing.T) {
	at := time.Date(2040, 1, 2, 3, 4, 5, 0, time.UTC)
	one := make([]byte, 384)
	binary.NativeEndian.PutUint16(one, utmpUser)
	binary.NativeEndian.PutUint32(one[4:], 7)
	copy(one[8:], "pts/0")
	copy(one[44:], "alice")
	binary.NativeEndian.PutUint32(one[340:], uint32(at.Unix()))
	if got := parseUtmp(one); len(got) != 1 || !got[0].time.Equal(at) {
		t.Errorf("%+v", got)
	}
}

func TestLastLoginsOfADamagedFile(t *testing.T) {
	h := &source.Host{Root: t.TempDir()}
	if err := os.MkdirAll(filepath.Join(h.Root, "var/log"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.Root, "var/log/wtmp"),
		[]byte(strings.Repeat("garbage ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := lastLoginsType().Read(t.Context(), h)
	if err == nil || err.Error() != "/var/log/wtmp holds no records of utmp(5)" {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzLogind(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/run/systemd/sessions/*")
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, ok := parseLogind(b); ok && s.User == "" {
			t.Errorf("%+v", s)
		}
	})
}

func FuzzUtmp(f *testing.F) {
	sourcetest.Seeds(f, "machine/*/var/log/wtmp", "machine/*/run/utmp")
	f.Fuzz(func(t *testing.T, b []byte) {
		records := parseUtmp(b)
		if len(records)*384 > len(b) {
			t.Errorf("%d records of %d bytes", len(records), len(b))
		}
		l := pairLogins(records)
		sourcetest.CheckJSON(t, b, l)
		if n := len(l.Bootups) + len(l.LoggedIn) + len(l.PreviousLogins); n > len(records) {
			t.Errorf("%d entries of %d records", n, len(records))
		}
	})
}

func TestParseLogind(t *testing.T) {
	const user = "USER=alice\nTTY=pts/0\nREMOTE_HOST=192.0.2.1\nREALTIME=1700000000000000\n"
	want := session{"alice", "pts/0", "192.0.2.1", 1_700_000_000}
	for text, open := range map[string]bool{
		user + "CLASS=user\nSTATE=active\n":  true,
		user + "CLASS=user\nSTATE=closing\n": false,
		user + "CLASS=greeter\n":             false,
		"CLASS=user\nUID=1000\n":             false,
	} {
		if got, ok := parseLogind([]byte(text)); ok != open || ok && got != want {
			t.Errorf("%q: %+v, %v", text, got, ok)
		}
	}
}
