package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/browsertest"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule"
	"virgo/schedule/alarm"
	"virgo/schedule/yaml/full"
)

// A changing is a site whose API changes what is in memory, and files in a folder.
type changing struct {
	url     string
	control *watchtest.Memory
	dir     folder.Dir
	rules   []byte // the last that were tried
	// outputErr is why an output waits.
	outputErr string
}

func serveChanges(t *testing.T, login Login) *changing {
	t.Helper()
	c := &changing{control: &watchtest.Memory{}, dir: folder.Dir(t.TempDir())}
	store := &intaketest.Memory{}
	if _, err := store.AddKey(t.Context(), "web-fra-01", intaketest.Key(1), noon); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.dir.SchedulesDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := c.dir.ScheduleFiles().Write("default", []byte("- {id: cpu, type: agent.cpu}\n")); err != nil {
		t.Fatal(err)
	}
	key := watch.Key{Rule: "disk", Agent: 1, CheckID: "root", Dimension: "/"}
	standing := watch.Standing{Key: key, AgentID: "web-fra-01", Host: "web-fra-01", State: alarm.Critical, Since: noon.Add(-time.Hour), Text: "disk of / 93 %"}
	if _, err := c.control.Alarms().Save(t.Context(), watch.AlarmsStep{States: []watch.Saved{{Standing: standing, Machine: []byte("m")}}}); err != nil {
		t.Fatal(err)
	}
	now := time.Now
	changes := admin.New(admin.Options{Dir: c.dir, Keys: store, Agents: store, Alarms: c.control.Alarms(), Audit: c.control.Audit(), People: c.control.People(),
		Settings: c.control.Settings(), Silences: c.control.Silences(), HostInfo: c.control.HostInfo(), Now: now, CheckRules: func(name string, data []byte) []schedule.Problem {
			_, problems := alarm.Parse(name, data, full.Parse)
			return problems
		},
		Hash:         func(context.Context, string) (string, error) { return "hash", nil },
		TestNotifier: func(context.Context, string) error { return errors.New("nobody answers") }})
	hosts := fleet(1)
	alarms := storedAlarms{c.control.Alarms()}
	handler := api.New(api.Options{Store: store, Admin: changes, Login: login, Now: now, Alarms: alarms,
		Notifiers: func(context.Context) ([]api.Receiver, error) {
			return []api.Receiver{{NotifierState: watch.NotifierState{Name: "ops", LastOK: noon}, Kind: "mail"}}, nil
		},
		Outputs: func(context.Context) ([]api.Output, error) {
			return []api.Output{{Cursor: watch.Cursor{Name: "prom", Seq: 1234567, Sent: 1234000, Refused: 12, Err: c.outputErr, At: noon}, Kind: "remote_write", Behind: 3},
				{Cursor: watch.Cursor{Name: "old", Seq: 7, At: noon}}}, nil
		},
		Trial: func(_ context.Context, rules []byte, _, until time.Time, fn func(watch.Firing) error) ([]schedule.Problem, error) {
			c.rules = rules
			return nil, fn(watch.Firing{Key: key, AgentID: "web-fra-01", Host: "web-fra-01", From: until.Add(-time.Hour), To: until, State: alarm.Critical, Text: "disk of / 93 %"})
		}})
	site := newSite(t, Options{Login: login, Hosts: hosts, Alarms: alarms, API: handler, Now: func() time.Time { return noon }})
	server := httptest.NewServer(site)
	t.Cleanup(func() {
		site.Stop()
		server.Close()
	})
	c.url = server.URL
	return c
}

// storedAlarms are those that the store has.
type storedAlarms struct{ watch.Alarms }

func (a storedAlarms) Standing() []watch.Standing {
	_, states, err := a.Load(context.Background())
	if err != nil {
		return nil
	}
	var list []watch.Standing
	for _, s := range states {
		list = append(list, s.Standing)
	}
	return list
}

// What the page can change it changes over the API, and each change is in the audit log with the person.
func TestChangesInABrowser(t *testing.T) {
	browser := browsertest.Start(t)
	ann := somebody(watch.Admin)
	c := serveChanges(t, ann)
	page := browser.Page(t, browsertest.Look{Width: 1280, Height: 900})
	set := func(selector, value string) {
		t.Helper()
		browsertest.Eval[bool](page, fmt.Sprintf(`{ const f = document.querySelector(%q); f.value = %q; f.dispatchEvent(new Event("change", { bubbles: true })); } true`, selector, value))
	}
	click := func(selector string) {
		t.Helper()
		browsertest.Eval[bool](page, fmt.Sprintf(`window.confirm = () => true; document.querySelector(%q).click(); true`, selector))
	}
	shots := func(name string) {
		for _, width := range []int{360, 1280} {
			page.Resize(width, 900, width == 360)
			page.Check()
			page.Shot(fmt.Sprintf("%s-%d", name, width))
		}
	}

	page.Open(c.url + "/alarms")
	click(`.alarms.now button[data-send]`)
	page.Until(`document.querySelector(".alarms.now")?.textContent.includes("ann looks after it")`)
	shots("change-alarms")

	page.Open(c.url + "/silences?host=web-fra-01")
	set(`[name=reason]`, "the move")
	click(`form.change button.primary`)
	page.Until(`document.querySelector(".list td")?.textContent.includes("web-fra-01")`)
	set(`[name=kind]`, "quiet")
	set(`[name=zone]`, "Europe/Berlin")
	shots("change-silences")
	click(`form.change button.primary`)
	page.Until(`document.querySelectorAll(".list tbody tr").length === 2`)
	click(`.list .act button`)
	page.Until(`document.querySelector("h2 + .list, h2 ~ .list")?.textContent.includes("ended")`)

	page.Open(c.url + "/schedules/web-fra-01")
	set(`textarea`, "- {id: a, typ: agent.cpu}\n")
	click(`[data-check]`)
	page.Until(`document.querySelector(".mistakes").textContent.startsWith("line 1: a: unknown key")`)
	shots("change-schedule")
	page.Expect("422")
	click(`button.primary`)
	page.Until(`!document.querySelector("button.primary").disabled && document.querySelector(".result").textContent !== ""`)
	set(`textarea`, "- {id: a, type: agent.cpu}\n")
	click(`button.primary`)
	page.Until(`location.pathname === "/schedules" && document.querySelectorAll(".list tbody tr").length === 2`)
	shots("change-schedules")
	if data, err := c.dir.ScheduleFiles().Read("web-fra-01"); err != nil || string(data) != "- {id: a, type: agent.cpu}\n" {
		t.Errorf("%q, %v", data, err)
	}

	page.Open(c.url + "/rules")
	set(`[name=number]`, "85")
	set(`[name=hosts]`, "web-*")
	everySentenceIsARule(t, page)
	set(`[name=preset]`, "disk")
	click(`[data-try]`)
	page.Until(`document.querySelector(".result").textContent === "In the last week it would have been raised 1 time."`)
	shots("change-sentence")
	click(`form.sentence button.primary`)
	page.Until(`document.querySelector(".list th[scope=row]")?.textContent === "disk-over-85-warning-web"`)
	wantSentence(t, c)

	page.Open(c.url + "/tokens")
	set(`[name=kind]`, "admin")
	click(`[name=scope][value=tags]`)
	click(`form.change button.primary`)
	page.Until(`document.getElementById("made").textContent.length > 8`)
	shots("change-tokens")
	page.Open(c.url + "/people")
	set(`form.change [name=name]`, "bob")
	click(`form.change button.primary`)
	page.Until(`document.querySelector(".list th[scope=row]")?.textContent.trim() === "bob"`)
	shots("change-people")
	page.Open(c.url + "/notifiers")
	click(`[data-say]`)
	page.Until(`document.querySelector("[data-say]").textContent === "Not sent: nobody answers"`)
	shots("change-notifiers")
	c.outputErr = "left out for ever: posting to 127.0.0.1:9090: status 400: it takes no samples that come late; Prometheus has out_of_order_time_window for that"
	page.Open(c.url + "/outputs")
	shots("change-outputs")
	page.Open(c.url + "/audit")
	shots("change-audit")
	var actions []string
	err := c.control.Audit().Entries(t.Context(), watch.EntryFilter{}, func(e watch.Entry) error {
		if e.Actor != "ann" || e.ActorKind != "person" {
			t.Errorf("%+v", e)
		}
		actions = append(actions, e.Action)
		return nil
	})
	want := "test notifier, add person, add token, put rules, put schedule, end silence, add silence, add silence, acknowledge alarm"
	if got := strings.Join(actions, ", "); err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}

// everySentenceIsARule makes all kinds of sentences, and reads each as a file of rules is read.
func everySentenceIsARule(t *testing.T, page *browsertest.Page) {
	t.Helper()
	all := browsertest.Eval[[]string](page, `(() => {
		const form = document.querySelector("form.sentence"), f = form.elements, all = [];
		f.check.value = 'ne"t'; f.metric.value = 'rx"bytes';
		for (const preset of ["disk", "memory", "cpu", "load", "other"])
			for (const aggregate of ["last", "average", "minimum", "maximum", "rate"])
				for (const above of [">", "<"])
					for (const state of ["warning", "critical"]) {
						Object.entries({ preset, aggregate, above, state }).forEach(([name, v]) => { f[name].value = v; });
						all.push(virgo.bodies.sentence(form));
					}
		Object.entries({ aggregate: "last", above: ">", state: "warning" }).forEach(([name, v]) => { f[name].value = v; });
		return all;
	})()`)
	if len(all) != 100 {
		t.Errorf("%d sentences", len(all))
	}
	for _, text := range all {
		set, problems := alarm.Parse("page.yaml", []byte(text), full.Parse)
		if len(problems) > 0 || len(set.Rules) != 1 {
			t.Errorf("%s: %v", text, problems)
		}
	}
}

// wantSentence compares the rule that the sentence became with what it says.
func wantSentence(t *testing.T, c *changing) {
	t.Helper()
	names, err := c.dir.RuleFiles().Names()
	if err != nil || len(names) != 1 {
		t.Fatalf("%q, %v", names, err)
	}
	data, err := c.dir.RuleFiles().Read(names[0])
	if err != nil || string(data) != string(c.rules) {
		t.Errorf("saved %s, tried %s, %v", data, c.rules, err)
	}
	for _, part := range []string{`"warning": "percent(last(\"used\"), last(\"used\") + last(\"avail\")) > 85"`, `"for": "10m"`, `"web-*"`, `"agent.filesystem"`} {
		if !strings.Contains(string(data), part) {
			t.Errorf("no %s in %s", part, data)
		}
	}
}

// Whoever only reads sees no form, and nothing that the API keeps from them.
func TestWhoReadsChangesNothing(t *testing.T) {
	c := serveChanges(t, somebody(watch.View))
	for path, code := range map[string]int{"/silences": 200, "/schedules": 200, "/rules": 200, "/alarms": 200, "/schedules/default": 403, "/tokens": 403,
		"/people": 403, "/audit": 403, "/notifiers": 403, "/outputs": 200} {
		res, err := httpGet(t, c.url+path)
		if err != nil {
			t.Fatal(err)
		}
		if res.code != code || strings.Contains(res.text, "data-send") {
			t.Errorf("%s: %d, a form: %t", path, res.code, strings.Contains(res.text, "data-send"))
		}
	}
}

// The page of outputs says how far each is, and why it waits.
func TestOutputs(t *testing.T) {
	c := serveChanges(t, somebody(watch.View))
	c.outputErr = "posting to 127.0.0.1:1: refused"
	res, err := httpGet(t, c.url+"/outputs")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<th scope="row">prom</th><td>remote_write</td>`, `data-name="cursor">1234567</td><td class="number" data-name="behind">3</td>`, `data-name="sent">1234000</td>`, `data-name="refused">12</td>`, "posting to 127.0.0.1:1: refused",
		`<th scope="row">old</th><td>removed</td>`} {
		if !strings.Contains(res.text, want) {
			t.Errorf("no %s in %s", want, res.text)
		}
	}
}

// What the API says of others' texts is shown as text.
func TestHostileTextsInLists(t *testing.T) {
	c := serveChanges(t, somebody(watch.Admin))
	const evil = `<script>alert(1)</script>"'`
	c.outputErr = evil
	err := errors.Join(func() error {
		_, err := c.control.Silences().Put(t.Context(), watch.Silence{Kind: watch.OneTime, Hosts: []string{evil}, Reason: evil, By: evil, From: noon, Until: noon.Add(time.Hour)})
		return err
	}(), func() error {
		_, err := c.control.Audit().Begin(t.Context(), watch.Entry{At: noon, ActorKind: "token", Actor: evil, Remote: evil, Action: evil, Object: evil, Before: []byte(evil), Outcome: evil})
		return err
	}())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/silences?host=" + "%3Cscript%3E", "/audit?actor=", "/rules?metric=%22%3E%3Cscript%3E", "/outputs"} {
		res, err := httpGet(t, c.url+path)
		if err != nil || res.code != 200 || strings.Contains(res.text, "<script>") {
			t.Errorf("%s: %d, %v", path, res.code, err)
		}
	}
}

// A page is an answer to a browser that asks for one.
type pageAnswer struct {
	code int
	text string
}

func httpGet(t *testing.T, address string) (pageAnswer, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return pageAnswer{}, err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return pageAnswer{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return pageAnswer{res.StatusCode, string(data)}, err
}
