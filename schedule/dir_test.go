package schedule

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoadDir(t *testing.T) {
	dir := folder(t, map[string]string{
		"20-b.yaml":       "- id: b\n  type: t\n- id: c\n  type: t\n",
		"10-a.yaml":       "id: a\ntype: t\n",
		"30-none.yaml":    "# nothing\n",
		".hidden.yaml":    "not: read\n",
		"README":          "not read",
		"a.yaml~":         "not: read\n",
		"sub.yaml/x.yaml": "not: read\n",
	})
	s, problems, err := LoadDir(dir, full.Parse)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	var got []string
	for _, c := range s.Checks {
		got = append(got, c.ID+"="+filepath.Base(c.Where()))
	}
	if strings.Join(got, " ") != "a=10-a.yaml:1 b=20-b.yaml:1 c=20-b.yaml:3" {
		t.Errorf("checks %v", got)
	}
}

func TestLoadDirWithoutFolder(t *testing.T) {
	s, problems, err := LoadDir(filepath.Join(t.TempDir(), "no", "such"), full.Parse)
	if err != nil || len(problems) > 0 || len(s.Checks) != 0 {
		t.Errorf("%v, %v, %v", s, problems, err)
	}
}

// What one mistake costs: the checks that run, those that cannot (with "!"), and the mistakes.
func TestAMistakeInAFileCostsItsCheckAlone(t *testing.T) {
	const good = "- id: good\n  type: t\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"an unknown key", map[string]string{"b.yaml": "id: b\ntpye: t\n"}, `good !b | b.yaml:2: unknown key "tpye"`},
		{"no id", map[string]string{"b.yaml": "type: t\n"}, "good !agent.virgo.schedule | b.yaml:1: check has no id"},
		{"an id in two files", map[string]string{"b.yaml": "- id: x\n  type: t\n- id: good\n  type: t\n"}, `good x !agent.virgo.schedule | b.yaml:3: duplicate id "good", first in a.yaml:1`},
		{"another ending", map[string]string{"b.yml": "- id: x\n  type: t\n"}, `good !x | b.yml: only files named *.yaml are read; rename it to "b.yaml"`},
		{
			"another ending before the right one", map[string]string{"0.yml": "- id: good\n  type: t\n"},
			`good !agent.virgo.schedule | 0.yml:1: duplicate id "good", first in a.yaml:1`,
		},
		{"too large", map[string]string{"b.yaml": strings.Repeat("- id: x\n", yaml.MaxBytes/8+1)}, "good !agent.virgo.schedule | b.yaml: larger than 4194304 bytes"},
		{"no list", map[string]string{"b.yaml": "hello\n"}, "good !agent.virgo.schedule | b.yaml:1: expected a check or a list of checks, found text"},
		{
			"a tab", map[string]string{"b.yaml": "- id: x\n  period: 5m\n\ttype: t\n- id: y\n  type: t\n"},
			"good !x y | b.yaml:3: ",
		},
		{
			"a value that needs quotes", map[string]string{"b.yaml": "# head\n- id: x\n  details:\n    id: not this\n    a: [-w, @10:20]\n\n- id: y\n  type: t\n  peroid: 1\n"},
			`good !x !y | b.yaml:5: | b.yaml:9: unknown key "peroid"`,
		},
		{"one check, a tab", map[string]string{"b.yaml": "id: x\n\ttype: t\n"}, "good !x | b.yaml:2: "},
		{"nothing readable", map[string]string{"b.yaml": "%&@!\n"}, "good !agent.virgo.schedule | b.yaml:1: "},
		{"two documents", map[string]string{"b.yaml": "- id: x\n  type: t\n---\n- id: y\n  type: t\n"}, "good x y !agent.virgo.schedule | b.yaml:4: a second document"},
		{"not UTF-8", map[string]string{"b.yaml": "- id: x\n  type: t\n- id: y\n  type: \"\xff\"\n"}, "good x !y | b.yaml:4: not UTF-8 text"},
		{"a link to nothing", nil, "good !agent.virgo.schedule | link.yaml: cannot be read: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, c.files)
			if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(good), 0o600); err != nil {
				t.Fatal(err)
			}
			if c.files == nil {
				if err := os.Symlink("nothing", filepath.Join(dir, "link.yaml")); err != nil {
					t.Skip(err)
				}
			}
			s, problems, err := LoadDir(dir, full.Parse)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Split(c.want, " | ")
			var got []string
			for _, k := range s.Checks {
				if k.Fault == "" {
					got = append(got, k.ID)
					continue
				}
				got = append(got, "!"+k.ID)
				if first := strings.ReplaceAll(k.Fault, dir+string(filepath.Separator), ""); !strings.Contains(first, ".yml") && !strings.Contains(first, ".yaml") {
					t.Errorf("the fault %q names no file", k.Fault)
				}
				if err := k.validate(); err != nil {
					t.Error(err)
				}
			}
			if strings.Join(got, " ") != want[0] {
				t.Errorf("checks %v, want %s", got, want[0])
			}
			if len(problems) != len(want)-1 {
				t.Fatalf("problems %v", problems)
			}
			for i, p := range problems {
				var e *yaml.Error
				text := strings.ReplaceAll(p.Err.Error(), dir+string(filepath.Separator), "")
				if !errors.As(p.Err, &e) || !strings.HasPrefix(text, want[i+1]) {
					t.Errorf("mistake %q, want %q", text, want[i+1])
				}
			}
		})
	}
}

// What else is readable of a check that is no YAML decides when its result is due.
func TestTheFieldsOfABrokenCheckThatAreReadableStay(t *testing.T) {
	s, _, err := ParseYAML("f.yaml", []byte("- type: agent.cpu\n  id: x  # two\n  details: {a: @b}\n  period: 5m\n  disabled: true\n"), full.Parse)
	if err != nil || len(s.Checks) != 1 {
		t.Fatal(s, err)
	}
	c := s.Checks[0]
	if c.ID != "x" || c.Type != "agent.cpu" || c.Period != 5*time.Minute || !c.Disabled || c.Fault == "" || c.Where() != "f.yaml:1" {
		t.Errorf("%+v", c)
	}
}

func TestLoadDirLeavesWhatIsNotPlainToOthers(t *testing.T) {
	for _, name := range []string{"b.yaml", "b.yml"} {
		dir := folder(t, map[string]string{"a.yaml": "id: a\ntype: t\n", name: "id: b\n\ttype: t\n"})
		if s, _, err := LoadDir(dir, yaml.ParsePlain); !errors.Is(err, yaml.ErrNotPlain) || len(s.Checks) > 0 {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

func TestLoadDirOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, problems, err := LoadDir(path, full.Parse)
	if err != nil || len(problems) != 1 || len(s.Checks) != 1 || s.Checks[0].ID != FaultsID {
		t.Errorf("a file as a folder: %v, %v, %v", s, problems, err)
	}
}
