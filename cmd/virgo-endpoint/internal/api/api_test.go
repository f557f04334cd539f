package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Every answer, good or bad, is what the document says.
func TestAnswersAreAsDocumented(t *testing.T) {
	s := serve(t)
	s.fill()
	odd := "/v1/agents/" + url.PathEscape("ä%_")
	for path, code := range map[string]int{
		"/v1/agents": 200, "/v1/agents?limit=1": 200, "/v1/agents?health=unavailable&tag=web&tag=eu": 200, "/v1/agents?group=none": 200,
		"/v1/agents/web1": 200, odd: 200, "/v1/agents/nobody": 404, "/v1/agents/" + strings.Repeat("x", 257): 422,
		"/v1/agents?limit=0": 422, "/v1/agents?limit=1001": 422, "/v1/agents?helath=ok": 422, "/v1/agents?health=fine": 422,
		"/v1/agents/web1/checks": 200, odd + "/checks": 200, "/v1/agents/nobody/checks": 404,
		"/v1/agents/web1/latest": 200, "/v1/agents/web1/latest?state=available": 200, "/v1/agents/nobody/latest": 404,
		"/v1/agents/web1/series": 200, "/v1/agents/web1/series?limit=1": 200, "/v1/agents/nobody/series": 404,
		"/v1/agents/web1/history?check=cpu&metric=usage": 200, "/v1/agents/web1/history?check=cpu&metric=usage&limit=1": 200,
		"/v1/agents/web2/history?check=cpu&metric=usage&step=1h": 200, "/v1/agents/web1/history?check=text&metric=t&dimension=/": 200,
		"/v1/agents/web1/history?check=cpu": 422, "/v1/agents/web1/history?check=cpu&metric=none": 404, "/v1/agents/web1/history?check=cpu&metric=usage&step=2h": 422,
		"/v1/agents/web1/history?check=cpu&metric=usage&since=2024-01-01T00:00:00Z&until=2023-01-01T00:00:00Z": 422,
		"/v1/agents/web1/plots": 200, "/v1/agents/web1/plots?more=true&check=cpu&plot=usage": 200, odd + "/plots": 200, "/v1/agents/nobody/plots": 404,
		"/v1/agents/web1/plots?since=2020-01-01T00:00:00Z": 422, "/v1/agents/web1/plots?since=2024-01-01T00:00:00Z&until=2023-01-01T00:00:00Z": 422,
		"/v1/agents/web1/timeline": 200, "/v1/agents/web1/timeline?check=cpu": 200, "/v1/agents/nobody/timeline": 404,
		"/v1/agents/web1/late": 200, "/v1/agents/web1/late?check=cpu&since=2020-01-01T00:00:00Z": 200, "/v1/agents/nobody/late": 404,
		"/v1/agents/web1/late?since=2024-01-01T00:00:00Z&until=2023-01-01T00:00:00Z": 422,
		"/v1/agents/web1/info": 200, "/v1/agents/web1/info/cpu": 404, "/v1/agents/nobody/info": 404, "/v1/agents/nobody/info/cpu": 404,
		"/v1/agents/web1/losses": 200, "/v1/agents/nobody/losses": 404,
		"/v1/figures?type=agent.cpu&figure=metric/usage": 200, "/v1/figures?type=agent.cpu&figure=metric/usage&tag=web&top=1&least=true&agent=web1": 200,
		"/v1/figures?type=agent.cpu": 422, "/v1/figures?type=x&figure=y&top=51": 422,
		"/v1/results": 200, "/v1/results?agent=web1&check=cpu&metric=usage&state=available&late=false&refused=false&limit=5": 200,
		"/v1/results?since=2020-01-01T00:00:00Z&until=2030-01-01T00:00:00Z": 200, "/v1/results?agent=nobody": 200,
		"/v1/results?since=yesterday": 422, "/v1/results?late=maybe": 422, "/v1/results?limit=-1": 422,
		"/v1/results?limit=0": 200, "/v1/results?limit=10000": 200, "/v1/results?limit=10001": 422,
		"/v1/results?since=2030-01-01T00:00:00Z&until=2020-01-01T00:00:00Z": 422,
		"/v1/refusals": 200, "/v1/refusals?agent=web1&limit=1": 200, "/v1/health": 200, "/metrics": 200,
	} {
		if a := s.get(path); a.code != code {
			t.Errorf("%s: %d, want %d: %s", path, a.code, code, a.body)
		}
	}
}

func TestOnlyTokensThatReadMayRead(t *testing.T) {
	s := serve(t)
	s.fill()
	legacy, _, _ := intaketest.NewToken(t, s.store)
	for _, authorization := range []string{"", "Bearer ", "Bearer x", "Basic " + s.token, s.token, "Bearer " + legacy, "Bearer " + s.token + "x",
		"Bearer " + strings.Repeat("x", 300)} {
		for _, path := range []string{"/v1/agents", "/v1/results", "/metrics", "/openapi.json", "/nothing", "/"} {
			a := s.ask(http.MethodGet, path, authorization)
			if a.code != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("Www-Authenticate"), "Bearer") || bytes.Contains(a.body, []byte("web1")) {
				t.Errorf("%q %s: %d %s", authorization, path, a.code, a.body)
			}
		}
	}
	if a := s.ask(http.MethodGet, "/v1/agents", "bearer "+s.token); a.code != 200 {
		t.Errorf("%d %s", a.code, a.body)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		if a := s.ask(method, "/v1/agents", "Bearer "+s.token); a.code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, a.code)
		}
	}
	if a := s.ask(http.MethodGet, "/nothing", "Bearer "+s.token); a.code != 404 || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", a.code, a.header)
	}
	if _, err := s.store.RevokeToken(t.Context(), s.id, epoch); err != nil {
		t.Fatal(err)
	}
	if a := s.ask(http.MethodGet, "/v1/agents", "Bearer "+s.token); a.code != http.StatusUnauthorized {
		t.Errorf("with a revoked token: %d", a.code)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := serve(t)
	for _, authorization := range []string{"Bearer " + s.token, ""} {
		a := s.ask(http.MethodGet, "/v1/health", authorization)
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Access-Control-Allow-Origin": "", "Server": "", "Set-Cookie": ""} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

func TestPagesOfAgents(t *testing.T) {
	s := serve(t)
	s.fill()
	var ids []string
	for after, pages := "", 0; ; pages++ {
		doc := s.get("/v1/agents?limit=1&after=" + url.QueryEscape(after)).json(t)
		for _, ag := range doc["agents"].([]any) {
			ids = append(ids, ag.(map[string]any)["agent_id"].(string))
		}
		next, more := doc["next_after"].(string)
		if !more || pages > 5 {
			break
		}
		after = next
	}
	if want := []string{"web1", "web2", "ä%_"}; !slices.Equal(ids, want) {
		t.Errorf("%q, want %q", ids, want)
	}
	doc := s.get("/v1/agents?health=unavailable&tag=web").json(t)
	if list := doc["agents"].([]any); len(list) != 1 || list[0].(map[string]any)["agent_id"] != "web1" {
		t.Errorf("%v", list)
	}
}

func TestHistoryIsPagedAndExact(t *testing.T) {
	s := serve(t)
	s.fill()
	a := s.get("/v1/agents/web2/history?check=cpu&metric=usage")
	if !bytes.Contains(a.body, []byte(`"min":18446744073709551615,`)) {
		t.Errorf("%s", a.body)
	}
	var got []string
	since := ""
	for pages := range 5 {
		doc := s.get("/v1/agents/web1/history?check=cpu&metric=usage&limit=1" + since).json(t)
		for _, p := range doc["points"].([]any) {
			got = append(got, fmt.Sprint(p.(map[string]any)["max"]))
		}
		next, more := doc["next_since"].(string)
		if !more {
			break
		}
		if since = "&since=" + url.QueryEscape(next); pages == 4 {
			t.Error("it does not end")
		}
	}
	if want := []string{"1.5", "2"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// lines are those of a stream.
func lines(t *testing.T, a answer) (results []string, last *end) {
	t.Helper()
	for _, one := range bodies(ndjson, a.body) {
		var l line
		if err := json.Unmarshal(one, &l); err != nil || last != nil {
			t.Fatalf("%v: %s", err, one)
		}
		if last = l.End; l.Result != nil {
			results = append(results, l.Result.AgentID+"/"+*l.Result.ResultID)
		}
	}
	return results, last
}

func TestStream(t *testing.T) {
	s := serve(t)
	s.fill()
	results, last := lines(t, s.get("/v1/results?agent=web1&check=cpu&limit=2"))
	if want := []string{"web1/cpu1", "web1/cpu2"}; !slices.Equal(results, want) || last == nil || !last.Complete || last.Results != 2 {
		t.Errorf("%q, %+v", results, last)
	}
}

// A token that is revoked while a stream goes on ends it, and the reader is told.
func TestRevokedTokenEndsStream(t *testing.T) {
	s := serve(t)
	var many []string
	for range 2*streamCheck + 10 {
		many = append(many, metric("1"))
	}
	s.put("web1", "cpu", many...)
	s.store.onResult = func(n int) {
		if n == streamCheck-1 {
			if _, err := s.store.RevokeToken(t.Context(), s.id, epoch); err != nil {
				t.Error(err)
			}
		}
	}
	results, last := lines(t, s.get("/v1/results?limit=0"))
	if len(results) != streamCheck || last == nil || last.Complete || last.Error != errRevoked.Error() {
		t.Errorf("%d results, %+v", len(results), last)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	s := serve(t)
	s.fill()
	hold, held := make(chan struct{}), make(chan struct{}, 10)
	s.store.onResult = func(int) {
		held <- struct{}{}
		<-hold
	}
	done := make(chan int, maxStreamsOfActor)
	for range maxStreamsOfActor {
		go func() { done <- s.ask(http.MethodGet, "/v1/results?agent=web2", "Bearer "+s.token).code }()
	}
	for range maxStreamsOfActor {
		<-held
	}
	a := s.get("/v1/results?agent=web2")
	if a.code != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.code, a.body)
	}
	if a := s.get("/v1/agents"); a.code != 200 {
		t.Errorf("beside streams: %d", a.code)
	}
	close(hold)
	for range maxStreamsOfActor {
		if code := <-done; code != 200 {
			t.Errorf("a stream: %d", code)
		}
	}
	if n := s.api.guard.streams(); n != 0 {
		t.Errorf("%d streams at the end", n)
	}
}

// A token gets its places back one by one.
func TestGuardGivesPlacesBack(t *testing.T) {
	g := newGuard(&API{})
	for range maxOfActor {
		if !g.enter("token a") {
			t.Fatal("too few requests")
		}
	}
	if g.enter("token a") || !g.enter("b") {
		t.Error("a token has another's places")
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r = r.WithContext(context.WithValue(r.Context(), actorKey{}, watch.Actor{Kind: "token", Name: "a"}))
	for range 3 * maxStreamsOfActor {
		release, ok := g.stream(r)
		if !ok {
			t.Fatal("a stream that ended still counts")
		}
		release()
	}
	g.leave("token a")
	if !g.enter("token a") {
		t.Error("a request that ended still counts")
	}
}

// Also where several points are of one time, a page leads on.
func TestPagesOfHistoryEnd(t *testing.T) {
	s := serve(t)
	for i := range 3 {
		at := epoch.Add(-time.Minute)
		_, err := s.store.Append(t.Context(), []intake.Arrival{{AgentID: "web1", Access: s.access, Received: at, Results: []intake.Result{{
			ResultID: fmt.Sprint(i), CheckID: "cpu", Time: at, Received: at, Params: []byte(metric("1"))}}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	since := ""
	for pages := 0; ; pages++ {
		next, more := s.get("/v1/agents/web1/history?check=cpu&metric=usage&limit=1" + since).json(t)["next_since"].(string)
		if !more {
			break
		}
		if since = "&since=" + url.QueryEscape(next); pages > 5 {
			t.Fatal("it does not end")
		}
	}
}

func TestMetrics(t *testing.T) {
	s := serve(t)
	s.fill()
	counted := Count(s.store, s.clock)
	s.api.Figures = counted.Figures
	_, err := counted.Append(t.Context(), []intake.Arrival{{AgentID: "web1", Access: s.access, Received: epoch, Hello: &intake.Hello{},
		Results: []intake.Result{{ResultID: "cpu0", Time: epoch}, {ResultID: "new", CheckID: "c", Time: epoch, Params: []byte("{}")}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := counted.Admit(t.Context(), intake.Claim{AgentID: "web1", Token: "wrong", Now: epoch}); err == nil {
		t.Error("admitted")
	}
	s.ask(http.MethodGet, "/metrics", "")
	text := string(s.get("/metrics").body)
	for _, want := range []string{"# TYPE virgo_endpoint_stored_results gauge\nvirgo_endpoint_stored_results 7\n", "virgo_endpoint_info{version=\"1.2.3\"} 1\n",
		"virgo_endpoint_agents{health=\"unavailable\"} 1\n", "virgo_endpoint_api_requests_total{code=\"401\"} 1\n", "virgo_endpoint_sessions_total 1\n",
		"virgo_endpoint_results_received_total 2\n", "virgo_endpoint_results_stored_total 1\n", "virgo_endpoint_hellos_refused_total 1\n",
		"# TYPE virgo_endpoint_results_stored_total counter\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.Count(text, line) > 1 {
			t.Errorf("twice: %s", line)
		}
	}
}

// Anything but loopback needs TLS.
func TestListenNeedsTLS(t *testing.T) {
	if l, _, err := Listen(t.Context(), "0.0.0.0:0", nil); err == nil {
		l.Close()
		t.Error("it listens on all addresses without TLS")
	}
}

func TestAgentsAreReadOnceInAWhile(t *testing.T) {
	s := serve(t)
	s.fill()
	count := func() int { return len(s.get("/v1/agents").json(t)["agents"].([]any)) }
	if n := count(); n != 3 {
		t.Fatal(n)
	}
	s.put("b", "cpu", metric("1"))
	if n := count(); n != 3 {
		t.Errorf("at once: %d", n)
	}
	s.pass(agentsFor)
	if n := count(); n != 4 {
		t.Errorf("later: %d", n)
	}
	s.pass(-time.Hour) // a clock that was set back
	if n := count(); n != 4 {
		t.Errorf("before: %d", n)
	}
}
