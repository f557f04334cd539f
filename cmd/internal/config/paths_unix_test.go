//go:build unix

package config

import (
	"path/filepath"
	"testing"
)

func TestPaths(t *testing.T) {
	root := Paths{Config: "/etc/virgo/virgo.yaml", Checks: "/etc/virgo/checks.d", State: "/var/lib/virgo", Plugins: "/usr/lib/virgo/plugins", Scripts: "/usr/lib/virgo/scripts"}
	if got := unixPaths(true, environment("HOME", "/root", "XDG_CONFIG_HOME", "/x")); got != root {
		t.Errorf("root: %+v", got)
	}
	home := Paths{Config: "/home/a/.config/virgo/virgo.yaml", Checks: "/home/a/.config/virgo/checks.d", State: "/home/a/.local/state/virgo", Plugins: "/home/a/.local/share/virgo/plugins", Scripts: "/home/a/.local/share/virgo/scripts"}
	if got := unixPaths(false, environment("HOME", "/home/a", "XDG_STATE_HOME", "relative")); got != home {
		t.Errorf("user: %+v", got)
	}
	xdg := Paths{Config: "/c/virgo/virgo.yaml", Checks: "/c/virgo/checks.d", State: "/s/virgo", Plugins: "/d/virgo/plugins", Scripts: "/d/virgo/scripts"}
	if got := unixPaths(false, environment("XDG_CONFIG_HOME", "/c", "XDG_STATE_HOME", "/s", "XDG_DATA_HOME", "/d")); got != xdg {
		t.Errorf("user with XDG_…: %+v", got)
	}
	if got := unixPaths(false, environment()); !filepath.IsAbs(got.State) || !filepath.IsAbs(got.Config) {
		t.Errorf("without HOME: %+v", got)
	}
	if got := root.WithConfig("/srv/v.yaml"); got.Config != "/srv/v.yaml" || got.Checks != "/srv/checks.d" || got.State != root.State {
		t.Errorf("with another file: %+v", got)
	}
}
