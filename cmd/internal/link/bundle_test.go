package link

import (
	"strings"
	"testing"

	"virgo/cmd/internal/installed"
	"virgo/collect"
	"virgo/schedule"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// hello says which bundle of scripts is installed and how it does; that there is another one is noted for the child that
// renews it.
func TestBundleInHello(t *testing.T) {
	cfg, e := newTestConfig(t, transporttest.Script{
		Schedule: []byte(`[]`),
		Requests: []transporttest.Request{{Method: transport.MethodBundleAvailable}, {Method: transport.MethodUpgrade}},
	})
	for _, tt := range []struct {
		name      string
		installed installed.Installed
		follows   string
		want      string
	}{
		{"none", installed.Installed{}, "", `"process_version":"0","bundle_version":"0","features"`},
		{"none yet", installed.Installed{}, "standard", `"bundle_version":"0","bundle_state":"none","bundle_name":"standard"`},
		{"on trial", installed.Installed{Current: installed.Ref{Version: "1.4.0", SHA256: "a"}, State: installed.OnTrial}, "standard",
			`"bundle_version":"1.4.0","bundle_state":"trial","bundle_name":"standard","bundle_channel":"stable","features"`},
		{"back", installed.Installed{Back: installed.Refusal{Version: "2.0.0", Reason: "script.x fails"}}, "",
			`"bundle_version":"0","bundle_state":"none; back 2.0.0: script.x fails","features"`},
	} {
		if err := installed.Save(t.Context(), cfg.Spool, tt.installed); err != nil {
			t.Fatal(err)
		}
		cfg.BundleName, cfg.BundleChannel = tt.follows, ""
		if tt.follows != "" {
			cfg.BundleChannel = "stable"
		}
		st, err := cfg.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := NewSession(cfg, st)
		err = s.Deliver(t.Context(), emptyQueue{})
		s.Conclude(t.Context(), err, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		hello := string(e.Hello())
		if !strings.Contains(hello, tt.want) {
			t.Errorf("%s: %s\nwant %s", tt.name, hello, tt.want)
		}
		if announced := strings.Contains(hello, `"bundle_upgrade"`); announced != (tt.follows != "") {
			t.Errorf("%s: announced: %v", tt.name, announced)
		}
		if st, err = cfg.State(t.Context()); err != nil || st.BundleToldMS != cfg.Now().UnixMilli() || st.ProgramToldMS == 0 {
			t.Errorf("%s: %+v, %v", tt.name, st.Status, err)
		}
	}
}

// Another bundle may have other types and details, so what the owner's rules say of the checks is decided anew.
func TestVerdictsDependOnTheBundle(t *testing.T) {
	cfg, _ := newTestConfig(t, transporttest.Script{})
	registry, err := collect.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Registry = registry
	st := State{HasCached: true, Cached: schedule.Cached{Schedule: schedule.Schedule{Checks: []schedule.Check{{ID: "a", Type: "script.a", FromEndpoint: true}}}}}
	for _, bundle := range []string{"", "one", "two", ""} {
		st.Bundle.SHA256 = bundle
		if !cfg.Judge(&st) {
			t.Errorf("bundle %q: verdicts of another one hold", bundle)
		}
		if cfg.Judge(&st) {
			t.Errorf("bundle %q: decided twice", bundle)
		}
	}
}
