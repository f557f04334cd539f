package web

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/transport/receipt"
)

const hostile = `<b onclick=x>a/b?c#d%2e"'`

// newHostile returns a page with a host all of whose texts are markup.
func newHostile(t *testing.T) *Site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if _, err := store.Create(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	secret, _, err := st.AddToken(t.Context(), intake.TokenSpec{Label: "a test", Kinds: intake.Legacy, AgentIDs: []string{hostile}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	admission, err := st.Admit(t.Context(), intake.Claim{AgentID: hostile, Token: secret, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	result := func(n int, check, state, params string, refused bool) intake.Result {
		return intake.Result{ResultID: fmt.Sprint("r", n), CheckID: check, CheckType: "agent.plugin", State: state, Status: hostile, Refused: refused,
			Time: noon.Add(-time.Minute), Received: noon, Params: []byte(params)}
	}
	_, err = st.Append(t.Context(), []intake.Arrival{{AgentID: hostile, Access: admission.Access, Received: noon, Hello: &intake.Hello{Name: hostile, Remote: "192.0.2.1:1", ProcessVersion: hostile, BundleVersion: hostile, BundleState: "back " + hostile},
		Results: []intake.Result{
			result(1, hostile, "available", fmt.Sprintf(`{"min_check_period":60000,"metrics":[[%q,{%q:{"t":"double","v":"1.5","u":%q}}]]}`, hostile, hostile, hostile), false),
			result(2, "down", "unavailable", `{"min_check_period":60000}`, false),
			result(3, "denied", "unavailable", `{"min_check_period":60000}`, true),
			result(4, "agent.virgo.loss", "unavailable", fmt.Sprintf(`{"metrics":[[%q,{"lost_results":{"t":"uint64","v":"7"}}]]}`, hostile), false),
		},
		Refusals: []receipt.Refused{{ID: hostile, Code: 400, Message: hostile}}}})
	if err != nil {
		t.Fatal(err)
	}
	hosts := &fakeHosts{rows: []live.Row{{Agent: 1, ID: hostile, Name: hostile, Tags: []string{hostile}}}}
	return newSite(t, Options{Login: somebody(watch.View), Hosts: hosts, Charts: &chart.Reader{History: st, Store: st}, Now: func() time.Time { return noon }})
}

func TestTextsOfAHostAreNoMarkup(t *testing.T) {
	s := newHostile(t)
	host := "/hosts/" + url.PathEscape(hostile)
	for path, want := range map[string]string{
		"/": "alarms first", host: "Its bundle of checks went back from", host + "?draw=svg": "<path", host + "?range=15m&more=true": "15 minutes", host + "/info": "7 results",
		"/figure?type=agent.plugin&figure=" + url.QueryEscape("metric/"+hostile): "1.5", "/compare?a=" + url.QueryEscape(hostile) + "&b=" + url.QueryEscape(hostile): "data-second",
	} {
		res := get(t, s, path)
		text := body(t, res)
		if res.StatusCode != 200 || !strings.Contains(text, want) {
			t.Errorf("%s: %d, without %q: %s", path, res.StatusCode, want, text)
		}
		if strings.Contains(text, "<b onclick") {
			t.Errorf("%s has markup of the host", path)
		}
		if path == "/" && !strings.Contains(text, `href="`+host+`"`) {
			t.Errorf("the list links another host: %s", text)
		}
		if strings.HasPrefix(path, host) && !strings.Contains(text, `href="`+host+`/info"`) {
			t.Errorf("%s: the link to the page is another one", path)
		}
	}
	if text := body(t, get(t, s, host+"/info")); !strings.Contains(text, "denied") || strings.Contains(text, ">down<") {
		t.Errorf("refused checks: %s", text)
	}
}

func TestAddressesOfAHost(t *testing.T) {
	s := newHostile(t)
	host := "/hosts/" + url.PathEscape(hostile)
	for path, code := range map[string]int{
		"/hosts/nobody": 404, "/hosts/nobody/info": 404, "/compare?a=nobody": 404, "/compare": 200, "/figure": 200, "/figure?type=x&figure=y": 200,
		host + "?range=never": 400, host + "?from=x&to=y": 400, host + "?from=2026-11-24T10:00:00Z&to=2026-11-24T09:00:00Z": 400,
		host + "?from=2020-11-24T10:00:00Z&to=2026-11-24T09:00:00Z": 400, host + "?from=2026-11-24T10:00:00Z&to=2026-11-24T11:00:00Z": 200,
	} {
		if res := get(t, s, path); res.StatusCode != code {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, code)
		}
	}
}
