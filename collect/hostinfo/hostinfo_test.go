package hostinfo

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The types that CHECKS.md names under "Host information".
const wanted = `cpu memory disk filesystem filesystem_state network system procs who date hostname login fstab fileperms
	kernel_modules sysctl sshd pam passwd cron services packages autoupdates iptables ip6tables ip4routes ip6routes connections
	remote_services deleted_libs cve last_logins apache2 nginx_config php postfix fail2ban lsyncd wordpress magento lshw nil`

func TestTypesAreThoseOfTheTable(t *testing.T) {
	var have []string
	for _, typ := range Types() {
		have = append(have, typ.Name)
	}
	if want := slices.Sorted(strings.FieldsSeq(wanted)); !slices.Equal(have, want) {
		t.Errorf("have %v\nwant %v", have, want)
	}
}

func TestEveryTypeIsDescribed(t *testing.T) {
	for _, typ := range Types() {
		if typ.Summary == "" || strings.HasSuffix(typ.Summary, ".") || typ.Read == nil || typ.Shape == nil {
			t.Errorf("%s: %+v", typ.Name, typ)
		}
		described := Describe(typ)
		if len(described) == 0 && typ.Name != "nil" {
			t.Errorf("%s describes no key", typ.Name)
		}
		seen := map[string]bool{}
		for _, k := range described {
			if k.Doc == "" || k.Name == "" || k.Kind == "" || seen[k.Name] {
				t.Errorf("%s: %+v", typ.Name, k)
			}
			seen[k.Name] = true
		}
	}
}

func TestDescribe(t *testing.T) {
	type part struct {
		One   int     `json:"one" doc:"a"`
		Parts []part_ `json:"parts,omitempty" doc:"b"`
	}
	type shape struct {
		part
		Free   loginSettings `json:"free" doc:"c"`
		Ratio  *float64      `json:"ratio" doc:"d"`
		Yes    bool          `json:"yes" doc:"e"`
		Hidden string        `json:"-"`
		unseen int
	}
	want := []Key{
		{"one", "number", "a"}, {"parts", "list", "b"}, {"parts.text", "text", "f"}, {"parts.again", "list", "g"},
		{"free", "object", "c"}, {"free.*", "text", loginSettings{}.describe()[0].Doc}, {"ratio", "number", "d"}, {"yes", "truth", "e"},
	}
	if got := Describe(Type{Shape: []shape{{unseen: 1}}}); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

type part_ struct {
	Text  string  `json:"text" doc:"f"`
	Again []part_ `json:"again" doc:"g"`
}

func TestGet(t *testing.T) {
	if _, err := Get(t.Context(), &Host{}, "no such"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	h := &Host{Now: func() time.Time { return time.UnixMilli(1234) }}
	a, err := Get(t.Context(), h, "nil")
	b, _ := json.Marshal(a)
	if err != nil || string(b) != `{"error":null,"metrics":{},"timestamp":1234}` {
		t.Errorf("%s, %v", b, err)
	}
}

func TestAnswerSaysWhatWentWrong(t *testing.T) {
	h := &Host{}
	for _, c := range []struct {
		typ  Type
		want string
	}{
		{Type{Name: "x", Systems: []string{"plan9"}}, "Unsupported operating system for x"},
		{Type{Name: "x", Read: func(context.Context, *Host) (any, error) { panic("a fault") }}, "reading x failed by a mistake of virgo's own"},
		{Type{Name: "x", Read: func(context.Context, *Host) (any, error) { return nil, errors.New("password=hunter2") }}, "password=[redacted]"},
		{Type{Name: "x", Read: func(context.Context, *Host) (any, error) { return func() {}, nil }}, "the answer is no JSON"},
	} {
		a := c.typ.answer(t.Context(), h)
		if a.Error == nil || !strings.HasPrefix(*a.Error, c.want) || a.Metrics != nil || a.Timestamp == 0 {
			t.Errorf("%+v, want %s", a, c.want)
		}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, typ := range Types() {
		if a := typ.answer(cancelled, h); typ.supported(runtime.GOOS) && (a.Error == nil || !strings.Contains(*a.Error, "context canceled")) {
			t.Errorf("%s, cancelled: %+v", typ.Name, a)
		}
	}
}

// A type that does not come back is left behind; one that comes back a little late gives what it has.
func TestAnswerInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		hangs := Type{Name: "x", Read: func(context.Context, *Host) (any, error) { <-release; return nil, nil }}
		start := time.Now()
		a := hangs.answer(ctx, &Host{})
		if a.Error == nil || !strings.Contains(*a.Error, "reading x was not done in its time") || time.Since(start) > time.Second+grace {
			t.Errorf("%+v after %v", a, time.Since(start))
		}
		close(release)
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		late := Type{Name: "x", Read: func(ctx context.Context, _ *Host) (any, error) { <-ctx.Done(); return []int{1}, ctx.Err() }}
		a := late.answer(ctx, &Host{})
		if rows, ok := a.Metrics.([]int); !ok || len(rows) != 1 || a.Error == nil {
			t.Errorf("%+v", a)
		}
	})
}

func TestBound(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		value any
		want  string
		rows  int
	}{
		"a short list":          {[]string{"a"}, "", 1},
		"too many rows":         {make([]int, MaxRows+5), "only the first 10000 of 10005 rows are told", MaxRows},
		"too many bytes":        {slices.Repeat([]string{long}, 5000), "of 5000 rows are told", 2000},
		"lists in an object":    {struct{ A, B []string }{[]string{"a"}, slices.Repeat([]string{long}, 5000)}, "of 5001 rows are told", 2000},
		"what cannot be cut":    {map[string]string{"a": strings.Repeat("x", MaxAnswerBytes+1)}, "the answer is longer than 2097152 bytes", -1},
		"one row that is large": {[]string{strings.Repeat("x", MaxAnswerBytes+1)}, "only the first 0 of 1 rows are told", 0},
		"nothing":               {nil, "", -1},
	} {
		got, err := bound(c.value)
		if c.want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		b, _ := json.Marshal(got)
		if len(b) > MaxAnswerBytes {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		n := -1
		switch v := got.(type) {
		case []string:
			n = len(v)
		case []int:
			n = len(v)
		case struct{ A, B []string }:
			n = len(v.A) + len(v.B)
		}
		if n < c.rows || n > c.rows+200 {
			t.Errorf("%s: %d rows, want about %d", name, n, c.rows)
		}
	}
}

func TestHostReads(t *testing.T) {
	h := &Host{Root: t.TempDir()}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(h.Root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a", "text")
	if b, err := h.read("/a"); string(b) != "text" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := h.read("/b"); !absent(err) || strings.Contains(err.Error(), h.Root) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := h.read("/"); err == nil || absent(err) {
		t.Errorf("a folder: %v", err)
	}
	if names, err := h.names("/"); !slices.Equal(names, []string{"a"}) || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	if names, err := h.names("/none"); names != nil || err != nil {
		t.Errorf("%v, %v", names, err)
	}
	if found := h.glob("/?"); !slices.Equal(found, []string{"/a"}) {
		t.Error(found)
	}
	// A log's end begins where a record does.
	f, err := os.Create(filepath.Join(h.Root, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(maxFileBytes + 12345); err != nil {
		t.Fatal(err)
	}
	if b, err := h.readEnd("/log", 400); len(b) != maxFileBytes+12345-12400 || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if b, err := h.readEnd("/a", 400); string(b) != "text" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
}
