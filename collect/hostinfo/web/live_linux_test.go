package web

import (
	"strings"
	"testing"

	"virgo/collect/collecttest"
	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

// The real programs, if they are installed, print what the parsers expect.
func TestServersOfThisHost(t *testing.T) {
	collecttest.Program(t, "apache2", "apache2")
	a := sourcetest.Read[apache2](t, &source.Host{}, apache2Type())
	if !strings.HasPrefix(a.Version, "Apache/2") || a.MPM == "" || a.User == "" ||
		len(a.Vhosts)+len(a.Docroot) == 0 {
		t.Errorf("apache2: %+v", a)
	}
	collecttest.Program(t, "nginx", "nginx-light")
	n := sourcetest.Read[nginxConfig](t, &source.Host{}, nginxConfigType())
	if n.Version == "" || len(n.ConfigureArguments) == 0 || n.User == "" || len(n.Includes) == 0 {
		t.Errorf("nginx_config: %+v", n)
	}
}
