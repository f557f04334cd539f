package plugin

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/schedule"
)

func TestEnvironment(t *testing.T) {
	base := []string{
		"PATH=/bin", "LANG=C", "VIRGO_TOKEN=secret", "virgo_token=secret", "VIRGO_CONFIG=/etc/x",
		"CREDENTIALS_DIRECTORY=/run/credentials", "RAX_CHECK_ID=other", "RAX_DETAILS_FILE=other", "RAX_OWN=1", "BAD=a\x00b",
	}
	env, mark, err := environment(withVariables(named(base), []string{"RAX_OWN=1"}), schedule.Check{
		ID: "ch1", Type: "agent.plugin", Period: 90 * time.Second,
		Details: schedule.Details{
			"file": "x.sh", "timeout": json.Number("500"), "a-b.ü": "1", "a-b": "first", "a_b": "last",
			"list": []any{"x", json.Number("2")}, "none": nil, "on": true, "text": "a=b\nc",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"PATH=/bin", "LANG=C", "RAX_OWN=1",
		"CHECK_ID=ch1", "CHECK_PERIOD=90", "CHECK_TYPE=agent.plugin",
		"DETAILS_A_B=last", "DETAILS_A_B___=1", "DETAILS_FILE=x.sh", `DETAILS_LIST=["x",2]`, "DETAILS_NONE=", "DETAILS_ON=true",
		"DETAILS_TEXT=a=b\nc", "DETAILS_TIMEOUT=500",
	}
	for _, w := range want {
		if slices.Contains(env, w) {
			continue
		}
		if !slices.Contains(env, "RAX_"+w) || !slices.Contains(env, "VIRGO_"+w) {
			t.Errorf("%q is missing", w)
		}
	}
	if n := 3 + 2*(len(want)-3) + 1; len(env) != n {
		t.Errorf("%d variables, want %d: %q", len(env), n, env)
	}
	if !slices.Contains(env, mark) || !strings.HasPrefix(mark, runVariable+"=") {
		t.Errorf("the mark %q is not in the environment", mark)
	}
	if _, other, _ := environment(base, schedule.Check{}); other == mark {
		t.Error("two runs have the same mark")
	}
	if strings.Contains(strings.Join(env, "\n"), "secret") {
		t.Error("the token is in the environment")
	}
}

func TestEnvironmentLimits(t *testing.T) {
	for want, details := range map[string]schedule.Details{
		`detail "a": a NUL byte is not allowed`:                           {"a": "b\x00"},
		`detail "a": 32001 bytes are too long for a plugin's environment`: {"a": strings.Repeat("b", maxVariableBytes)},
	} {
		if _, _, err := environment(nil, schedule.Check{Details: details}); errText(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	many := schedule.Details{}
	for c := 'a'; c <= 'z'; c++ {
		many[string(c)] = strings.Repeat("x", 4<<10)
	}
	if _, _, err := environment(nil, schedule.Check{Details: many}); err == nil {
		t.Error("100 KiB of details were accepted")
	}
}

func FuzzVariableName(f *testing.F) {
	f.Add("file")
	f.Add("ü=\x00\n")
	f.Fuzz(func(t *testing.T, key string) {
		name := variableName(key)
		if rest := strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"); rest != "" || name == "" {
			t.Errorf("%q: %q", key, name)
		}
	})
}
