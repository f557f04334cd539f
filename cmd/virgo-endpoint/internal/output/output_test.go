package output

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule/yaml/full"
)

// A fake is a sink that fails so many times, and refuses a batch with one of some results.
type fake struct {
	got     []string
	fails   int
	refuses []string
}

func (f *fake) Send(_ context.Context, batch []Item) error {
	if f.fails > 0 {
		f.fails--
		return errors.New("connection refused")
	}
	var ids []string
	for _, i := range batch {
		if slices.Contains(f.refuses, i.Result.ResultID) {
			return &Refused{errors.New("status 400")}
		}
		ids = append(ids, i.Result.ResultID)
	}
	f.got = append(f.got, ids...)
	return nil
}

func items(from, to int64) []feed.Item {
	var list []feed.Item
	for i := from; i <= to; i++ {
		r := &intake.Result{Seq: i, ResultID: fmt.Sprint("r", i), AgentID: "web1", CheckType: "agent.cpu"}
		if i%2 == 0 {
			r.CheckType = "remote.http"
		}
		list = append(list, feed.Item{Agent: intake.AgentNumber(1 + i%2), Result: r})
	}
	return list
}

func open(t *testing.T, m *watchtest.Memory, c Config, sink Sink) (*Output, int64) {
	t.Helper()
	c.Name = "prom"
	o, from, err := Open(t.Context(), Options{Config: c, Sink: sink, Cursors: m.Cursors(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Newest: func(context.Context) (int64, error) { return 7, nil },
		Hosts: func(_ context.Context, n intake.AgentNumber) (Host, error) {
			return Host{ID: "web1", Tags: []string{fmt.Sprint("tag", n)}}, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return o, from
}

// A receiver that is away delays, and loses nothing: the same batch comes again, and a restart goes on behind what was sent.
func TestNothingIsSkipped(t *testing.T) {
	m, f := &watchtest.Memory{}, &fake{fails: 2}
	o, from := open(t, m, Config{}, f)
	if from != 7 {
		t.Errorf("it begins at %d", from)
	}
	for try := range 3 {
		if err := o.Take(t.Context(), items(8, 10)); (err == nil) != (try == 2) {
			t.Fatal(try, err)
		}
		c, _, _ := m.Cursors().Cursor(t.Context(), "prom")
		if want := []string{"connection refused", "connection refused", ""}[try]; c.Err != want || c.Seq != []int64{7, 7, 10}[try] {
			t.Errorf("%d: %+v", try, c)
		}
	}
	o, from = open(t, m, Config{FromOldest: true}, f)
	if from != 10 || strings.Join(f.got, " ") != "r8 r9 r10" {
		t.Errorf("%d, %v", from, f.got)
	}
	if err := o.Lose(t.Context(), 20, 5); err != nil {
		t.Fatal(err)
	}
	if c, _, _ := m.Cursors().Cursor(t.Context(), "prom"); c.Seq != 20 || c.Lost != 5 || c.Sent != 3 {
		t.Errorf("%+v", c)
	}
	if _, from := open(t, &watchtest.Memory{}, Config{FromOldest: true}, f); from != feed.FromOldest {
		t.Errorf("from all: %d", from)
	}
}

func TestResultsThatAreRefusedAreLeftOut(t *testing.T) {
	m, f := &watchtest.Memory{}, &fake{refuses: []string{"r3", "r17"}}
	o, _ := open(t, m, Config{}, f)
	if err := o.Take(t.Context(), items(1, 20)); err != nil {
		t.Fatal(err)
	}
	c, _, _ := m.Cursors().Cursor(t.Context(), "prom")
	if len(f.got) != 18 || slices.Contains(f.got, "r3") || c.Refused != 2 || c.Sent != 18 || c.Seq != 20 {
		t.Errorf("%v, %+v", f.got, c)
	}
}

func TestFilters(t *testing.T) {
	for want, c := range map[string]Config{"r1 r3": {Types: []string{"agent.*"}}, "r2 r4": {Tags: []string{"tag1"}}, "": {Tags: []string{"tag1"}, Types: []string{"agent.*"}}} {
		m, f := &watchtest.Memory{}, &fake{}
		o, _ := open(t, m, c, f)
		if err := o.Take(t.Context(), items(1, 4)); err != nil || strings.Join(f.got, " ") != want {
			t.Errorf("%v, want %s; %v", f.got, want, err)
		}
		if c, _, _ := m.Cursors().Cursor(t.Context(), "prom"); c.Seq != 4 {
			t.Errorf("%+v", c)
		}
	}
}

// Why results were left out stands in the cursor until a batch is taken whole.
func TestWhyResultsAreLeftOut(t *testing.T) {
	m, f := &watchtest.Memory{}, &fake{refuses: []string{"r3"}}
	o, _ := open(t, m, Config{}, f)
	for _, step := range []struct {
		from, to int64
		want     string
	}{{1, 4, "left out for ever: status 400"}, {5, 6, ""}} {
		if err := o.Take(t.Context(), items(step.from, step.to)); err != nil {
			t.Fatal(err)
		}
		if c, _, _ := m.Cursors().Cursor(t.Context(), "prom"); c.Err != step.want || c.Refused != 1 {
			t.Errorf("%+v, want %q", c, step.want)
		}
	}
}

// An output that begins with a date leaves out what arrived before; its hosts have labels of their tags.
func TestFromADate(t *testing.T) {
	noon := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	list := items(1, 4)
	for i := range list {
		list[i].Result.Received = noon.Add(time.Duration(i-2) * time.Second)
	}
	m, f := &watchtest.Memory{}, &fake{}
	o, from := open(t, m, Config{FromOldest: true, From: noon}, f)
	if err := o.Take(t.Context(), list); err != nil || strings.Join(f.got, " ") != "r3 r4" || from != feed.FromOldest {
		t.Errorf("%v from %d, %v", f.got, from, err)
	}
}

func TestLabelsFromTags(t *testing.T) {
	got := labelsFromTags([]string{"env:prod", "env:test", "rack:", "site:berlin:mitte", "web", "website:x"}, []string{"site", "env", "web", "rack", "none"})
	if want := [][2]string{{"site", "berlin:mitte"}, {"env", "prod"}, {"web", "true"}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	m, f := &watchtest.Memory{}, &fake{}
	o, _ := open(t, m, Config{LabelsFromTags: []string{"tag1"}}, f)
	sent, err := o.wanted(t.Context(), items(2, 2))
	if err != nil || len(sent) != 1 || !slices.Equal(sent[0].Host.Labels, [][2]string{{"tag1", "true"}}) {
		t.Errorf("%+v, %v", sent, err)
	}
}

// Two configurations are the same only if their secrets are.
func TestSame(t *testing.T) {
	secret := func(s string) func() string { return func() string { return s } }
	a := Config{Name: "a", RemoteWrite: "http://h", User: "u", Password: secret("x"), Tags: []string{"web"}}
	for want, changed := range map[string]func(*Config){
		"":         func(c *Config) { c.Password = secret("x") },
		"password": func(c *Config) { c.Password = secret("y") },
		"token":    func(c *Config) { c.Token = secret("x") },
		"tags":     func(c *Config) { c.Tags = []string{"db"} },
		"command":  func(c *Config) { c.Command = []string{"/x"} },
		"from":     func(c *Config) { c.From = time.Unix(1, 0) },
	} {
		b := a
		changed(&b)
		if a.Same(b) != (want == "") || b.Same(a) != (want == "") {
			t.Errorf("%q: the same: %t", want, a.Same(b))
		}
	}
}

func reader(text string) Reader {
	return Reader{Parse: full.Parse, Read: func(string) ([]byte, error) {
		if text == "" {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}, Secret: func(ref string) (string, error) { return "S3CRET of " + ref, nil }}
}

func TestLoad(t *testing.T) {
	list, problems := reader(`outputs:
  prom: {remote_write: "http://127.0.0.1:9090/api/v1/write", user: u, password: "file:/x", tags: [web], types: [agent.*], labels: {site: a}, from: all}
  otel: {otlp: "http://127.0.0.1:4318", labels: {site: b}}
  infl: {influx: "http://127.0.0.1:8086/write?db=virgo", token: "env:T"}
  file: {json: /var/log/virgo.jsonl}
  mine: {json_command: [/etc/virgo/take.sh, --to, web], labels_from_tags: [site, web], from: 2026-11-29}
  late: {json: /late, from: "2026-11-29T14:20:00+01:00"}
`).Load("outputs.yaml")
	if len(problems) > 0 || len(list) != 6 || list[0].Password() != "S3CRET of file:/x" || !list[0].FromOldest || list[0].Labels[0] != [2]string{"site", "a"} || list[1].OTLP == "" || list[3].File == "" {
		t.Errorf("%+v, %v", list, problems)
	}
	day := time.Date(2026, 11, 29, 0, 0, 0, 0, time.Local)
	if c := list[4]; c.Kind() != "json_command" || !slices.Equal(c.Command, []string{"/etc/virgo/take.sh", "--to", "web"}) || !slices.Equal(c.LabelsFromTags, []string{"site", "web"}) ||
		!c.FromOldest || !c.From.Equal(day) {
		t.Errorf("%+v", c)
	}
	if c := list[5]; !c.FromOldest || c.From.Unix() != 1795958400 {
		t.Errorf("%+v", c)
	}
	if shown := fmt.Sprintf("%+v %#v", list, list); strings.Contains(shown, "S3CRET") {
		t.Error(shown)
	}
	for text, want := range map[string]string{
		"outputs:\n  a: {}":                                  "2: an output goes to exactly one place",
		"outputs:\n  a: {json: x}":                           "2: json is no full path",
		"outputs:\n  a: {json: /x, influx: 'http://h'}":      "2: an output goes to exactly one place",
		"outputs:\n  a: {influx: 'http://u:S3CRET@h'}":       "2: influx is no http or https URL without a password",
		"outputs:\n  a: {influx: 'http://h', token: S3CRET}": "2: token is no reference to a secret",
		"outputs:\n  a: {influx: 'http://h', user: u}":       "2: give user and password, or token",
		"outputs:\n  a: {json: /x, fomr: all}":               `2: unknown key "fomr"`,
		"outputs:\n  a: {json: /x, labels: {__name__: x}}":   "2: labels has an invalid one",
		"outputs:\n  a: {json_command: [take.sh]}":           "2: json_command does not begin with the full path of a program",
		"outputs:\n  a: {json_command: []}":                  "2: json_command does not begin with the full path of a program",
		"outputs:\n  a: {json: /x, labels_from_tags: [a-b]}": "2: labels_from_tags has an invalid name of a label",
		"output: {}": `1: unknown key "output"`,
		"outputs:\n  a: {json: /x, from: yesterday}\n  b: {json: /y}\n": "2: from is neither now, all nor a date",
	} {
		list, problems := reader(text).Load("outputs.yaml")
		if len(problems) == 0 || !strings.HasPrefix(problems[0].Err.Error(), "outputs.yaml:"+want) || strings.Contains(problems[0].Err.Error(), "S3CRET") {
			t.Errorf("%s: %v, want %s", text, problems, want)
		}
		if strings.Contains(text, "  b:") != (len(list) == 1) {
			t.Errorf("%s: %+v", text, list)
		}
	}
	if list, problems := reader("").Load("x"); list == nil || len(list) > 0 || problems != nil {
		t.Errorf("%v, %v", list, problems)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("outputs: {a: {json: /x, labels: {a: b}}, b: 3, c: {remote_write: [x]}}")
	f.Fuzz(func(t *testing.T, text string) {
		list, problems := reader(text + "\n").Load("outputs.yaml")
		for _, c := range list {
			if c.Name == "" {
				t.Error("an output without a name")
			}
		}
		var b bytes.Buffer
		for _, p := range problems {
			fmt.Fprintln(&b, p.Err)
		}
	})
}

// A receiver that is busy is asked again when it said, at most an hour later.
func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{"": 0, "x": 0, "-1": 0, "30": 30 * time.Second, "99999999": time.Hour,
		"Sun, 29 Nov 2026 12:00:05 GMT": 5 * time.Second, "Fri, 29 Nov 2030 12:00:05 GMT": time.Hour} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
	status, requests := http.StatusServiceUnavailable, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(status)
	}))
	defer server.Close()
	p, err := NewPoster(server.URL, Config{}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.now = func() time.Time { return now }
	first := p.Post(t.Context(), nil)
	status = http.StatusOK
	for _, step := range []struct {
		after time.Duration
		asked int
		ok    bool
	}{{29 * time.Second, 1, false}, {time.Second, 2, true}, {0, 3, true}} {
		now = now.Add(step.after)
		if err := p.Post(t.Context(), nil); requests != step.asked || (err == nil) != step.ok || !step.ok && err.Error() != first.Error() {
			t.Errorf("%+v: %d requests, %v", step, requests, err)
		}
	}
}
