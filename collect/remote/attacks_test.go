package remote

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/yaml"
)

// runGuarded runs an endpoint's check as a run does it: by the rules of an owner, in YAML, and with the guard
// that they give.
func runGuarded(t *testing.T, rules, checkType string, d schedule.Details) collect.Result {
	t.Helper()
	root, err := yaml.ParsePlain("virgo.yaml", []byte("checks:\n"+rules))
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Default()
	if err := p.ParseRemote("virgo.yaml", root); err != nil {
		t.Fatal(err)
	}
	typ := typeNamed(t, Options{}, checkType)
	typ, returned := collecttest.RecordReturn(typ)
	registry, err := collect.NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	check := schedule.Check{ID: "test", Type: checkType, Details: d, Timeout: 30 * time.Second}
	job := collect.Job{Check: check}
	guard, err := p.Guard(&check, typ.Definition())
	if err != nil {
		return collect.Result{State: collect.Unavailable, Refused: true, Status: err.Error()}
	}
	if guard == nil {
		t.Fatalf("%v has no guard", d)
	}
	job.Guard = guard
	var result collect.Result
	runner := collect.Runner{Registry: registry}
	runner.Run(t.Context(), []collect.Job{job}, func(_ int, o collect.Outcome) { result = o.Result })
	if !returned() {
		t.Errorf("%v was abandoned", d)
	}
	return result
}

func wantRefused(t *testing.T, what string, r collect.Result) {
	t.Helper()
	if !r.Refused || r.State != collect.Unavailable || len(r.Metrics) > 0 ||
		!strings.HasPrefix(r.Status, "not allowed by this host's owner: ") {
		t.Errorf("%s: %s %q, %d metrics, refused %v", what, r.State, r.Status, len(r.Metrics), r.Refused)
	}
}

// A recordingSite answers requests and records them, with their hosts. /ok/to?URL redirects to URL.
type recordingSite struct {
	mu       sync.Mutex
	requests []string
}

func (s *recordingSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Host+r.URL.Path)
	if r.URL.Path == "/ok/to" {
		http.Redirect(w, r, r.URL.RawQuery, http.StatusFound)
	}
}

// taken returns the requests since the last call.
func (s *recordingSite) taken() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.requests, " ")
	s.requests = nil
	return text
}

// An allowed page that redirects, a Host header, a proxy and a target lead to nothing that the owner's rules
// do not allow, and nothing is sent there.
func TestEndpointCannotLeadARequestElsewhere(t *testing.T) {
	site, other := &recordingSite{}, &recordingSite{}
	served, hidden := httptest.NewServer(site), httptest.NewServer(other)
	defer served.Close()
	defer hidden.Close()
	_, port, err := net.SplitHostPort(hidden.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here := served.URL
	rules := "  - {type: remote.http, url: '" + here + "/ok/**'}\n"
	for _, to := range []string{
		"/admin", "/ok/../admin", "/ok/%2e%2e/admin", "//127.0.0.1:" + port + "/ok/", hidden.URL + "/ok/", "http://localhost:" + port + "/ok/",
		"http://169.254.169.254/ok/", "http://[::ffff:169.254.169.254]/ok/", "http://metadata.google.internal/ok/",
		"http://2130706433:" + port + "/ok/",
		"https://" + strings.TrimPrefix(here, "http://") + "/ok/", "/ok/to?/admin",
	} {
		what := here + "/ok/to?" + to
		wantRefused(t, what, runGuarded(t, rules, "remote.http", schedule.Details{"url": what}))
		if got := site.taken(); strings.Contains(got, "admin") || !strings.HasSuffix(got, "/ok/to") {
			t.Errorf("%s: requests %q", what, got)
		}
	}
	for name, value := range map[string]any{
		"headers": map[string]any{"Host": "internal.example.com"}, "proxy": hidden.URL, "target": "127.0.0.2", "method": "POST",
		"payload": "x", "auth_user": "u",
	} {
		wantRefused(t, name, runGuarded(t, rules, "remote.http", schedule.Details{"url": here + "/ok/", name: value}))
	}
	anyHeader := strings.TrimSuffix(rules, "}\n") + ", headers: any}\n"
	wantRefused(t, "another site's page", runGuarded(t, anyHeader, "remote.http",
		schedule.Details{"url": here + "/ok/", "headers": map[string]any{"Host": "internal.example.com"}}))
	// A rule for one proxy is none for another.
	withProxy := "  - {type: remote.http, url: '" + here + "/ok/**', proxy: 'http://127.0.0.1:9'}\n"
	wantRefused(t, "another proxy", runGuarded(t, withProxy, "remote.http", schedule.Details{"url": here + "/ok/", "proxy": hidden.URL}))
	if got := site.taken() + other.taken(); got != "" {
		t.Errorf("requests %q", got)
	}

	host := strings.TrimPrefix(here, "http://")
	for _, test := range []struct {
		more string
		d    schedule.Details
		want string
	}{
		{"", schedule.Details{"url": here + "/ok/"}, host + "/ok/"},
		{"", schedule.Details{"url": here + "/ok/to?/ok/there"}, host + "/ok/to " + host + "/ok/there"},
		{"", schedule.Details{"url": here + "/ok/to?" + here + "/ok/x/../there"}, host + "/ok/to " + host + "/ok/there"},
		{", headers: any", schedule.Details{"url": here + "/ok/", "headers": map[string]any{"Host": host, "X-A": "b"}}, host + "/ok/"},
		{", method: [GET, HEAD]", schedule.Details{"url": here + "/ok/", "method": "HEAD"}, host + "/ok/"},
	} {
		r := runGuarded(t, strings.TrimSuffix(rules, "}\n")+test.more+"}\n", "remote.http", test.d)
		if got := site.taken(); r.State != collect.Available || got != test.want {
			t.Errorf("%v: %s %q, requests %q, want %q", test.d, r.State, r.Status, got, test.want)
		}
	}
	proxied := "  - {type: remote.http, url: '" + here + "/ok/**', proxy: '" + hidden.URL + "'}\n"
	r := runGuarded(t, proxied, "remote.http", schedule.Details{"url": here + "/ok/", "proxy": hidden.URL})
	if got := other.taken(); r.State != collect.Available || got != host+"/ok/" {
		t.Errorf("through an allowed proxy: %s %q, requests %q", r.State, r.Status, got)
	}
}
