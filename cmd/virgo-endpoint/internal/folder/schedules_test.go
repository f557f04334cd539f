package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
	"virgo/schedule/yaml/full"
)

// A scheduleDir is a folder of schedules whose files a test writes.
type scheduleDir struct {
	t   *testing.T
	dir string
	log *bytes.Buffer
	now time.Time
	*Schedules
}

func newScheduleDir(t *testing.T) *scheduleDir {
	d := &scheduleDir{t: t, dir: t.TempDir(), log: &bytes.Buffer{}, now: time.Now()}
	d.Schedules = NewSchedules(d.dir, slog.New(slog.NewTextHandler(d.log, nil)), func() time.Time { return d.now })
	return d
}

func (d *scheduleDir) write(name, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// ids are the ids of the checks that an agent gets, "error" for none.
func (d *scheduleDir) ids(agent string) string {
	d.t.Helper()
	text, hash, err := d.For(agent)
	if err != nil {
		if !errors.Is(err, ErrNoSchedule) {
			d.t.Fatal(err)
		}
		return "error"
	}
	var result struct {
		Checks []struct {
			ID, Fault string
			Disabled  bool
		}
		Hash string `json:"schedule_hash"`
	}
	if err := json.Unmarshal(text, &result); err != nil {
		d.t.Fatalf("%s: %v", text, err)
	}
	if result.Hash != hash || hash == "" {
		d.t.Errorf("hash %q in the result, %q beside it", result.Hash, hash)
	}
	var ids []string
	for _, c := range result.Checks {
		if c.Fault != "" && c.Disabled {
			c.ID = "!" + c.ID
		}
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, ",")
}

func check(id string) string { return "- {id: " + id + ", type: agent.cpu}\n" }

func (d *scheduleDir) want(agent, ids string) {
	d.t.Helper()
	if got := d.ids(agent); got != ids {
		d.t.Errorf("agent %q gets %q, want %q\n%s", agent, got, ids, d.log)
	}
}

func TestSchedulesOfAgents(t *testing.T) {
	d := newScheduleDir(t)
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

func TestScheduleWithAMistake(t *testing.T) {
	d := newScheduleDir(t)
	d.write("default.yaml", check("d")+check("e"))
	d.want("a", "d,e")
	// A mistake costs its check alone; an agent that does not know faults does not run it.
	d.write("default.yaml", check("f")+"- id: g\n  typ: agent.cpu\n- id: h\n\ttype: agent.cpu\n- {id: i, type: agent.cup}\n"+
		"- {id: j, typ: x, type: y, disabled: true}\n")
	for range 3 {
		d.want("a", "f,!g,!h,i")
	}
	text := d.log.String()
	for _, want := range []string{
		`default.yaml:3:3: unknown key \"typ\"; did you mean \"type\"?`,
		"default.yaml:5:1: ", `default.yaml:6:11: unknown check type \"agent.cup\"; did you mean \"agent.cpu\"?`,
		"default.yaml:7:11: unknown key",
	} {
		if strings.Count(text, want) != 1 {
			t.Errorf("the log does not say %s once:\n%s", want, text)
		}
	}
	file, mistakes, err := d.Mistakes("a")
	if file != "default.yaml" || len(mistakes) != 4 || err != nil {
		t.Errorf("%s has the mistakes %v, %v", file, mistakes, err)
	}
	// Without a check that can run, the last valid schedule stays.
	d.write("default.yaml", "- id: g\n  typ: agent.cpu\n")
	for range 3 {
		d.want("a", "f,!g,!h,i")
	}
	if text := d.log.String(); strings.Count(text, "schedule not accepted") != 1 {
		t.Errorf("log:\n%s", text)
	}
	d.write("default.yaml", check("d")+check("e"))
	d.want("a", "d,e")
	if _, mistakes, err := d.Mistakes("a"); len(mistakes) > 0 || err != nil {
		t.Errorf("mistakes that are corrected: %v, %v", mistakes, err)
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
	d := newScheduleDir(t)
	d.write("default.yaml", check("d"))
	d.write("a.yaml", "- {id: 5, typ: x}\n")
	d.want("a", "error") // and not the default, which its owner did not choose for it
	d.want("b", "d")
	d.write("a.yaml", check("a"))
	d.want("a", "a")
}

func TestScheduleNamesStayInTheFolder(t *testing.T) {
	d := newScheduleDir(t)
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

// A file may be written twice within the resolution of its modification time, with the same length.
func TestScheduleChangedWithoutAnotherTime(t *testing.T) {
	d := newScheduleDir(t)
	path := filepath.Join(d.dir, "default.yaml")
	at := d.now.Add(-time.Second)
	for _, id := range []string{"a", "b"} {
		d.write("default.yaml", check(id))
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		d.want("x", id)
	}
	// Once it is old, its time identifies it and it is not read again.
	d.now = d.now.Add(time.Minute)
	d.want("x", "b")
	d.write("default.yaml", check("c"))
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	d.want("x", "b")
}

func TestScheduleThatIsNotASmallFile(t *testing.T) {
	d := newScheduleDir(t)
	d.write("default.yaml", check("d"))
	if err := os.Mkdir(filepath.Join(d.dir, "a.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	d.want("a", "error")
	d.write("b.yaml", check("b")+strings.Repeat("# more\n", MaxScheduleBytes/7))
	d.want("b", "error")
	d.want("c", "d")
}

func TestDefaultSchedule(t *testing.T) {
	all, problems, err := schedule.ParseYAML("default.yaml", defaultSchedule, full.Parse)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if _, mistakes, err := parseSchedule("default.yaml", defaultSchedule); len(mistakes) > 0 || err != nil {
		t.Error(mistakes, err)
	}
	var types []string
	for _, c := range all.Checks {
		types = append(types, c.Type)
		if c.Period != time.Minute {
			t.Errorf("%s: period %v", c.ID, c.Period)
		}
		targets := slices.Contains([]string{"agent.disk", "agent.filesystem", "agent.network"}, c.Type)
		if star, _ := c.Details["target"].(string); (star == "*") != targets {
			t.Errorf("%s: target %q", c.ID, star)
		}
	}
	want := "agent.cpu agent.memory agent.load_average agent.disk agent.filesystem agent.filesystem_state agent.network"
	if got := strings.Join(types, " "); got != want {
		t.Errorf("types: %s", got)
	}
}

// A command that asks about many agents hears what the server says of each, and reads the folder once.
func TestReadSchedules(t *testing.T) {
	d := newScheduleDir(t)
	for _, name := range []string{"default.yaml", "web1.yaml", "WEB2.yaml"} {
		d.write(name, check("c"))
	}
	d.write("bad.yaml", "checks: [")
	once := ReadSchedules(d.dir, slog.New(slog.DiscardHandler), time.Now)
	for _, agent := range []string{"web1", "web3", "web2", "WEB2", "bad", "web1", "../web1"} {
		file, mistakes, err := d.Mistakes(agent)
		file2, mistakes2, err2 := once.Mistakes(agent)
		if file != file2 || len(mistakes) != len(mistakes2) || (err == nil) != (err2 == nil) {
			t.Errorf("%q: %q %v %v, the server says %q %v %v", agent, file2, mistakes2, err2, file, mistakes, err)
		}
	}
	if err := os.RemoveAll(d.dir); err != nil {
		t.Fatal(err)
	}
	if file, _, err := once.Mistakes("web4"); file != "default.yaml" || err != nil {
		t.Errorf("after the folder is gone: %q, %v", file, err)
	}
	if file, _, err := once.Mistakes("web1"); file != "web1.yaml" || err != nil {
		t.Errorf("after the folder is gone: %q, %v", file, err)
	}
}
