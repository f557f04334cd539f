package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
)

// A drawer is a folder of schedules whose files a test writes.
type drawer struct {
	t   *testing.T
	dir string
	log *bytes.Buffer
	now time.Time
	*Schedules
}

func newDrawer(t *testing.T) *drawer {
	d := &drawer{t: t, dir: t.TempDir(), log: &bytes.Buffer{}, now: time.Now()}
	d.Schedules = NewSchedules(d.dir, slog.New(slog.NewTextHandler(d.log, nil)), func() time.Time { return d.now })
	return d
}

func (d *drawer) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// ids are the ids of the checks that an agent gets, "error" for none.
func (d *drawer) ids(agent string) string {
	d.t.Helper()
	served, err := d.For(agent)
	if err != nil {
		if !errors.Is(err, ErrNoSchedule) {
			d.t.Fatal(err)
		}
		return "error"
	}
	var result struct {
		Checks []struct{ ID string }
		Hash   string `json:"schedule_hash"`
	}
	if err := json.Unmarshal(served.Result, &result); err != nil {
		d.t.Fatalf("%s: %v", served.Result, err)
	}
	if result.Hash != served.Hash || served.Hash == "" {
		d.t.Errorf("hash %q in the result, %q beside it", result.Hash, served.Hash)
	}
	var ids []string
	for _, c := range result.Checks {
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, ",")
}

func check(id string) string { return "- {id: " + id + ", type: agent.cpu}\n" }

func (d *drawer) want(agent, ids string) {
	d.t.Helper()
	if got := d.ids(agent); got != ids {
		d.t.Errorf("agent %q gets %q, want %q\n%s", agent, got, ids, d.log)
	}
}

func TestSchedulesOfAgents(t *testing.T) {
	d := newDrawer(t)
	d.want("web1", "error")
	d.write("default.yaml", check("d"))
	d.want("web1", "d")
	d.write("web1.yaml", check("w"))
	d.want("web1", "w")
	d.want("web2", "d")
	if err := os.Remove(filepath.Join(d.dir, "web1.yaml")); err != nil {
		t.Fatal(err)
	}
	d.want("web1", "d")
	d.write("web1.yaml", "[]\n")
	d.want("web1", "")
}

func TestScheduleThatBreaks(t *testing.T) {
	d := newDrawer(t)
	d.write("default.yaml", check("d")+check("e"))
	d.want("a", "d,e")
	d.write("default.yaml", check("f")+"- id: g\n  typ: agent.cpu\n")
	for range 3 {
		d.want("a", "d,e")
	}
	if text := d.log.String(); strings.Count(text, "schedule not taken") != 1 || !strings.Contains(text, "default.yaml:3") {
		t.Errorf("log:\n%s", text)
	}
	if err := os.Remove(filepath.Join(d.dir, "default.yaml")); err != nil {
		t.Fatal(err)
	}
	d.want("a", "d,e")
	d.write("default.yaml", check("h"))
	d.want("a", "h")
	for _, nothing := range []string{"", " \n\t\n", "# to be written\n"} {
		d.write("default.yaml", nothing)
		d.want("a", "h")
	}
	d.write("default.yaml", "[]")
	d.want("a", "")
}

func TestScheduleThatWasNeverGood(t *testing.T) {
	d := newDrawer(t)
	d.write("default.yaml", check("d"))
	d.write("a.yaml", "- {id: 5, typ: x}\n")
	d.want("a", "error") // and not the default's, which its owner did not mean for it
	d.want("b", "d")
	d.write("a.yaml", check("a"))
	d.want("a", "a")
}

func TestScheduleNeverLeavesItsFolder(t *testing.T) {
	d := newDrawer(t)
	d.write("default.yaml", check("d"))
	outside := filepath.Join(filepath.Dir(d.dir), "outside.yaml")
	if err := os.WriteFile(outside, []byte(check("secret")), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(outside) })
	d.write(".hidden.yaml", check("secret"))
	for _, agent := range []string{
		"../outside", "..", ".", "", ".hidden", "/etc/passwd", `..\outside`, "a/../../outside", "a\x00", "default", "DEFAULT",
		outside, strings.TrimSuffix(outside, ".yaml"), strings.Repeat("x", 10_000), "ä", "a b", "C:a",
	} {
		d.want(agent, "d")
	}
	if len(d.files) != 1 {
		t.Errorf("%d files are remembered", len(d.files))
	}
}

// A file may be written twice within the grain of its modification time, with the same length.
func TestScheduleChangedWithinTheClocksGrain(t *testing.T) {
	d := newDrawer(t)
	path := filepath.Join(d.dir, "default.yaml")
	at := d.now.Add(-time.Second)
	for _, id := range []string{"a", "b"} {
		d.write("default.yaml", check(id))
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		d.want("x", id)
	}
	// Once it is old, its time is trusted and it is read no more.
	d.now = d.now.Add(time.Minute)
	d.want("x", "b")
	d.write("default.yaml", check("c"))
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	d.want("x", "b")
}

func TestScheduleThatIsNoSmallFile(t *testing.T) {
	d := newDrawer(t)
	d.write("default.yaml", check("d"))
	if err := os.Mkdir(filepath.Join(d.dir, "a.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.want("a", "error")
	d.write("b.yaml", check("b")+strings.Repeat("# more\n", MaxScheduleBytes/7))
	d.want("b", "error")
	d.want("c", "d")
}

func TestDefaultScheduleIsGood(t *testing.T) {
	checks, err := schedule.ParseYAML("default.yaml", defaultSchedule)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, c := range checks {
		types = append(types, c.Type)
		if c.Period != time.Minute {
			t.Errorf("%s: period %v", c.ID, c.Period)
		}
		if star, _ := c.Details["target"].(string); (star == "*") != (c.Type == "agent.disk" || c.Type == "agent.filesystem" || c.Type == "agent.network") {
			t.Errorf("%s: target %q", c.ID, star)
		}
	}
	want := "agent.cpu agent.memory agent.load_average agent.disk agent.filesystem agent.filesystem_state agent.network"
	if got := strings.Join(types, " "); got != want {
		t.Errorf("types: %s", got)
	}
}
