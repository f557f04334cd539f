package link

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"virgo/schedule/yaml/full"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// newTestConfig is an agent with a spool on disk and an endpoint that follows the script.
func newTestConfig(t *testing.T, script transporttest.Script) (*Config, *transporttest.Endpoint) {
	t.Helper()
	e, err := transporttest.Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sp, err := spool.Open(filepath.Join(t.TempDir(), "state"), spool.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return &Config{
		ID: "web-1", Name: "web-1", Version: "0",
		Token:     func() (string, error) { return "T", nil },
		Endpoints: []string{e.Address()},
		TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
		Spool:     sp, ChecksDir: filepath.Join(t.TempDir(), "checks.d"),
		ParseYAML: full.Parse,
		Now:       func() time.Time { return now },
		Notice:    t.Logf, Verbose: t.Logf,
	}, e
}

// emptyQueue holds nothing to deliver.
type emptyQueue struct{}

func (emptyQueue) Next(context.Context) ([]transport.Post, error)    { return nil, nil }
func (emptyQueue) Settle(context.Context, []transport.Outcome) error { return nil }
func (emptyQueue) Rewind()                                           {}

// A change that was announced in a session that then broke is fetched by the next run.
func TestScheduleChangeIsRememberedWhenTheSessionFails(t *testing.T) {
	cfg, e := newTestConfig(t, transporttest.Script{Schedule: []byte(`[]`)})
	if _, err := FetchSchedule(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	st, err := cfg.State(t.Context())
	if err != nil || !st.HasCached || st.Cached.Changed {
		t.Fatalf("%+v, %v", st.Cached, err)
	}
	s := NewSession(cfg, st)
	if _, wrong := s.answer(t.Context(), transport.MethodScheduleChanged, nil); wrong != nil {
		t.Fatal(wrong)
	}
	e.Set(transporttest.Script{HelloError: &transport.Error{Code: transport.CodeUnauthorized}})
	if err := s.Deliver(t.Context(), emptyQueue{}); err == nil {
		t.Fatal("the session did not fail")
	}
	if st, err = cfg.State(t.Context()); err != nil || !st.Cached.Changed {
		t.Errorf("not marked: %+v, %v", st.Cached, err)
	}
}

func TestMayReportLoss(t *testing.T) {
	now := time.Unix(1e9, 0)
	for name, tc := range map[string]struct {
		at       time.Time
		by       string
		endpoint string
		want     bool
	}{
		"never refused":    {time.UnixMilli(0), "", "a:1", true},
		"an hour ago":      {now.Add(-time.Hour), "a:1", "a:1", false},
		"a day ago":        {now.Add(-24 * time.Hour), "a:1", "a:1", true},
		"another endpoint": {now.Add(-time.Hour), "a:1", "b:1", true},
		"in the future":    {now.Add(time.Hour), "a:1", "a:1", true},
	} {
		s := Session{cfg: &Config{Now: func() time.Time { return now }}, endpoint: tc.endpoint}
		s.state.LossRefusedMS, s.state.LossRefusedBy = tc.at.UnixMilli(), tc.by
		if s.MayReportLoss() != tc.want {
			t.Errorf("%s: %v", name, !tc.want)
		}
	}
}
