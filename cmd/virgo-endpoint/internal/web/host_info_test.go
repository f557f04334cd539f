package web

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/browsertest"
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
	settle(t, memory, watch.Info{Question: of("disk"), Outcome: watch.InfoSilent, Error: "it was asked 5 times"})
	settle(t, memory, watch.Info{Question: of("network"), Outcome: watch.InfoUnusable, Error: "the answer has 2000000 bytes"})
	settle(t, memory, watch.Info{Question: of("php"), Outcome: watch.InfoAnswered, Error: "php is not installed"})
	text = page(path, 200)
	want(text, `href="`+path+`/cpu"`, "<b>refused</b> the owner of this host denies it", "<b>no answer</b> it was asked 5 times", "the answer has 2000000 bytes",
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

// A click asks, and the page says so; what was told is a table that is no wider than the window.
func TestHostInfoInABrowser(t *testing.T) {
	browser := browsertest.Start(t)
	s, memory, agent := newAsked(t, watch.Admin)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	network, err := os.ReadFile("testdata/host_info_network.json")
	if err != nil {
		t.Fatal(err)
	}
	of := func(name string) watch.Question { return watch.Question{Agent: agent, Type: name} }
	settle(t, memory, watch.Info{Question: of("network"), Outcome: watch.InfoAnswered, Metrics: network})
	settle(t, memory, watch.Info{Question: of("hostname"), Outcome: watch.InfoAnswered, Metrics: []byte(`{"name":"web1","domain":""}`)})
	settle(t, memory, watch.Info{Question: of("procs"), Outcome: watch.InfoRefused, Error: `the owner of this host denies host information "procs" (remote: host_info)`})
	page := browser.Page(t, browsertest.Look{Width: 1280, Height: 1000, Now: noon})
	shots := func(name string) {
		for _, width := range []int{360, 1280} {
			page.Resize(width, 1000, width == 360)
			page.Check()
			page.Shot(fmt.Sprintf("%s-%d", name, width))
		}
	}
	path := server.URL + "/hosts/" + url.PathEscape(hostile) + "/info"
	page.Open(path)
	const note = `document.querySelector(".note[role=status]")?.textContent`
	browsertest.Eval[bool](page, `document.querySelector('.asks summary').click(); [...document.querySelectorAll(".asks button")].find(b => b.textContent === "cpu").click(); true`)
	page.Until(note + ` === "cpu: will be asked when the host comes next (about every 1 min)."`)
	browsertest.Eval[bool](page, `document.querySelector('.list button[data-send$="/info/procs"]').click(); true`)
	page.Until(note + `?.startsWith("cpu, procs:")`)
	browsertest.Eval[bool](page, `document.querySelector('.asks summary').click(); true`)
	shots("host-information")
	for _, name := range []string{"network", "hostname"} {
		page.Open(path + "/" + name)
		shots("host-information-" + name)
	}
	list, err := memory.HostInfo().Waiting(t.Context())
	if err != nil || len(list) != 2 || list[0].By != "ann" {
		t.Errorf("%+v, %v", list, err)
	}
	page.Open(path)
	if err := memory.HostInfo().Settle(t.Context(), watch.Info{Question: of("cpu"), Answered: noon, Outcome: watch.InfoAnswered, Metrics: []byte(`[{"n":1}]`)}); err != nil {
		t.Fatal(err)
	}
	page.Until(note + `?.startsWith("procs:") && document.querySelector('.list a[href$="/info/cpu"]')`)
}
