package main

import (
	"strings"
	"testing"
	"time"
)

// Of a command line that virgo must read, virgo-run says what it does not know, but no value, and knows
// what bounds the run.
func TestUnknownCommandLines(t *testing.T) {
	environ := map[string]string{"VIRGO_CONFIG": "c", "VIRGO_STATE": "s"}
	lookup := func(name string) (string, bool) { value, ok := environ[name]; return value, ok }
	for line, want := range map[string]string{
		"--nonsense":                 `the argument "--nonsense"`,
		"--token=secret --strict":    `the argument "--token"`,
		"--strict ---x --nonsense":   `the argument "---x"`,
		"--strict --= --nonsense":    `the argument "--"`,
		"-vv --nonsense":             `the argument "-vv"`,
		"extra --nonsense":           `the argument "extra"`,
		"--deadline=soon --nonsense": `the argument "--deadline"`,
	} {
		c := parse(append(strings.Fields(line), "--state=", "--deadline=7s", "--splay=3s"), lookup)
		if c.unknown == nil || !strings.HasSuffix(c.unknown.Error(), want) {
			t.Errorf("%s: %v, want %s", line, c.unknown, want)
		}
		if c.run.Deadline == nil || *c.run.Deadline != 7*time.Second || c.splay.Wait == nil || *c.splay.Wait != 3*time.Second ||
			c.settings.Config != "c" || c.settings.State != "" {
			t.Errorf("%s: %+v", line, c)
		}
	}
	for _, line := range []string{"--help --nonsense", "--nonsense -h", "--version extra"} {
		if c := parse(strings.Fields(line), lookup); !c.help && !c.version {
			t.Errorf("%s: neither help nor version", line)
		}
	}
}

// Whatever the arguments, parse ends, and accepts nothing that begins like a flag it does not know.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"--config=a --strict", "--- -- - --= -= -v -vv", "--splay=true --deadline 5s x", "--state  --json"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, " ")
		c := parse(args, func(string) (string, bool) { return "", false })
		for _, arg := range args {
			name, _, _ := strings.Cut(arg, "=")
			known := " --config --state --plugins --splay --deadline --no-deliver --strict --verbose --version --help -v -h "
			if strings.HasPrefix(arg, "-") && !strings.Contains(known, " "+name+" ") && c.unknown == nil {
				t.Errorf("%q is accepted in %q", arg, line)
			}
		}
	})
}
