//go:build unix

package agent

import (
	"slices"
	"testing"
)

func TestSystemPath(t *testing.T) {
	const all = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for path, want := range map[string]string{
		"PATH=/usr/bin:/bin": "PATH=/usr/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin",
		all:                  all,
		"PATH=":              all,
		"PATH=/home/me/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin": "PATH=/home/me/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	} {
		if got := withSystemPath([]string{"A=1", path, "B=2"}); !slices.Equal(got, []string{"A=1", want, "B=2"}) {
			t.Errorf("%s: %q", path, got)
		}
	}
	if got := withSystemPath([]string{"A=1"}); !slices.Equal(got, []string{"A=1", all}) {
		t.Errorf("%q", got)
	}
}

// Plugins have these folders in every command that runs them.
func TestPluginsHaveTheSystemPath(t *testing.T) {
	t.Setenv("PATH", "/opt/bin:/bin")
	if got := new(Program).PluginEnviron(); !slices.Contains(got, "PATH=/opt/bin:/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin") {
		t.Errorf("%q", got)
	}
}
