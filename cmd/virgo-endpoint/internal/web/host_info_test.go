package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	trust "virgo/schedule/policy"
	"virgo/schedule/shorttext"
)

// The page offers what hosts of this version know, with the same words, and what they tell by default first.
func TestInfoTypesAreThoseOfTheAgent(t *testing.T) {
	data, err := os.ReadFile("../../../../collect/worker/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	var catalog struct {
		HostInfo []struct{ Name, Summary string } `json:"host_info"`
	}
	if err := json.Unmarshal(data, &catalog); err != nil {
		t.Fatal(err)
	}
	want := map[string]infoType{}
	for _, known := range catalog.HostInfo {
		want[known.Name] = infoType{known.Name, known.Summary, false}
	}
	delete(want, "nil") // tells nothing
	for _, name := range trust.DefaultHostInfo() {
		want[name] = infoType{name, want[name].summary, true}
	}
	for _, offered := range infoTypes() {
		if want[offered.name] != offered || !watch.ValidInfoType(offered.name) {
			t.Errorf("%+v, want %+v", offered, want[offered.name])
		}
		delete(want, offered.name)
	}
	if len(want) > 0 {
		t.Errorf("not offered: %+v", want)
	}
}

// newAsked returns the page of newHostile's host, with a memory of what it was asked.
func newAsked(t *testing.T, role watch.Role) (*Site, *watchtest.Memory, intake.AgentNumber) {
	t.Helper()
	s := newHostile(t)
	memory := &watchtest.Memory{Now: s.Now}
	store := s.Charts.Store.(interface {
		api.Store
		intake.Keys
	})
	agents, err := store.Agents(t.Context(), hostile)
	if err != nil {
		t.Fatal(err)
	}
	login := somebody(role)
	changes := admin.New(admin.Options{Dir: folder.Dir(t.TempDir()), Keys: store, Agents: store, Audit: memory.Audit(), HostInfo: memory.HostInfo(), Now: s.Now})
	opt := s.Options
	opt.Login, opt.API = login, api.New(api.Options{Store: store, Admin: changes, Login: login, HostInfo: memory.HostInfo(), Now: s.Now})
	return newSite(t, opt), memory, agents[0].Number
}

// settle has the host answer.
func settle(t *testing.T, memory *watchtest.Memory, i watch.Info) {
	t.Helper()
	i.Asked, i.Answered = noon, noon
	if err := memory.HostInfo().Ask(t.Context(), i.Question); err != nil {
		t.Fatal(err)
	}
	if err := memory.HostInfo().Settle(t.Context(), i); err != nil {
		t.Fatal(err)
	}
}

func TestHostInfoPages(t *testing.T) {
	s, memory, agent := newAsked(t, watch.Admin)
	path := "/hosts/" + url.PathEscape(hostile) + "/info"
	page := func(path string, code int) string {
		t.Helper()
		res := get(t, s, path)
		text := body(t, res)
		if res.StatusCode != code {
			t.Fatalf("%s: %d %s", path, res.StatusCode, text)
		}
		if strings.Contains(text, "<b onclick") || strings.Contains(text, "\u202e") {
			t.Errorf("%s has text of the host as it is", path)
		}
		return text
	}
	want := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in %s", part, text)
			}
		}
	}
	ask := `data-send="POST /v1/agents/` + url.PathEscape(hostile) + `/info/`
	want(page(path, 200), "Nobody asked this host yet.", ask+`cpu"`, ask+`procs"`)
	page(path+"/cpu", 404)
	for _, name := range []string{"cpu", "fstab"} {
		if err := memory.HostInfo().Ask(t.Context(), watch.Question{Agent: agent, Type: name, Asked: noon}); err != nil {
			t.Fatal(err)
		}
	}
	text := page(path, 200)
	want(text, "<b>cpu</b>, <b>fstab</b>: will be asked when the host comes next (about every 1 min).")
	if strings.Contains(text, ask+`cpu"`) {
		t.Error("what was asked can be asked once more")
	}
	of := func(name string) watch.Question { return watch.Question{Agent: agent, Type: name} }
	evil, err := json.Marshal(hostile + "\u202e")
	if err != nil {
		t.Fatal(err)
	}
	settle(t, memory, watch.Info{Question: of("cpu"), Outcome: watch.InfoAnswered, Metrics: fmt.Appendf(nil, `[{%s:%s},{"n":[%s]}]`, evil, evil, evil), Error: hostile + "\u202e"})
	settle(t, memory, watch.Info{Question: of("memory"), Outcome: watch.InfoAnswered, Metrics: fmt.Appendf(nil, `{%s:%s}`, evil, evil)})
	settle(t, memory, watch.Info{Question: of("procs"), Outcome: watch.InfoRefused, Error: "the owner of this host denies it" + hostile})
	settle(t, memory, watch.Info{Question: of("disk"), Outcome: watch.InfoSilent, Error: "it was asked in 5 sessions"})
	settle(t, memory, watch.Info{Question: of("network"), Outcome: watch.InfoUnusable, Error: "the answer has 2000000 bytes"})
	settle(t, memory, watch.Info{Question: of("php"), Outcome: watch.InfoAnswered, Error: "php is not installed"})
	text = page(path, 200)
	want(text, `href="`+path+`/cpu"`, "<b>refused</b> the owner of this host denies it", "<b>no answer</b> it was asked in 5 sessions", "the answer has 2000000 bytes",
		"php is not installed", ask+`procs">Ask again`)
	if strings.Contains(text, `href="`+path+`/procs"`) {
		t.Error("a page of what was refused")
	}
	shown := shorttext.Sanitize("\u202e")
	want(page(path+"/cpu", 200), `<th scope="col">&lt;b onclick`, `<td>&lt;b onclick=x&gt;a/b?c#d%2e&#34;&#39;`+shown+`</td>`, `class="note warning">&lt;b onclick`, "processors, and their time by mode since boot")
	want(page(path+"/memory", 200), `<th scope="row">&lt;b onclick`)
	want(page(path+"/php", 200), "php is not installed", "There is nothing of it on this host.")
}

// Whoever only reads sees what hosts told, and nothing to ask with.
func TestWhoReadsAsksNothing(t *testing.T) {
	s, memory, agent := newAsked(t, watch.Operate)
	settle(t, memory, watch.Info{Question: watch.Question{Agent: agent, Type: "cpu"}, Outcome: watch.InfoAnswered, Metrics: []byte(`[{"n":1}]`)})
	path := "/hosts/" + url.PathEscape(hostile) + "/info"
	for _, path := range []string{path, path + "/cpu"} {
		res := get(t, s, path)
		if text := body(t, res); res.StatusCode != 200 || !strings.Contains(text, "cpu") || strings.Contains(text, "/v1/agents/") && strings.Contains(text, "data-send") {
			t.Errorf("%s: %d %s", path, res.StatusCode, text)
		}
	}
}
