package daemon

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func service() Service {
	return Service{Program: "/usr/local/bin/virgo-endpoint", Dir: "/var/lib/virgo-endpoint", User: "virgo-endpoint",
		Args: []string{"serve", "--dir=/var/lib/virgo-endpoint", "--listen=:50041"}}
}

func TestValidate(t *testing.T) {
	good := service()
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Service){
		"a relative program": func(s *Service) { s.Program = "virgo-endpoint" },
		"a relative folder":  func(s *Service) { s.Dir = "endpoint" },
		"a line break":       func(s *Service) { s.Args = append(s.Args, "--client-ca=a\nExecStartPre=/bin/sh") },
		"a user's number":    func(s *Service) { s.User = "0:0" },
		"a user with a line": func(s *Service) { s.User = "a\nUser=root" },
		"no user":            func(s *Service) { s.User = "" },
		"a flag as the user": func(s *Service) { s.User = "-o" },
	} {
		s := service()
		change(&s)
		if err := s.Validate(); !errors.Is(err, ErrBadService) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSystemdUnit(t *testing.T) {
	s := service()
	s.Args = append(s.Args, `--client-ca=/etc/a b%d$HOME.pem`)
	text := Systemd{}.Print(s)
	for _, line := range []string{
		`ExecStart=/usr/local/bin/virgo-endpoint serve --dir=/var/lib/virgo-endpoint --listen=:50041 "--client-ca=/etc/a b%%d$$HOME.pem"`,
		"User=virgo-endpoint", "ReadWritePaths=/var/lib/virgo-endpoint", "CapabilityBoundingSet=",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, text)
		}
	}
	s.LowPort = true
	text = Systemd{}.Print(s)
	if !strings.Contains(text, "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n") {
		t.Errorf("a low port:\n%s", text)
	}
}

// The heap's bound follows from the most memory: it is reached before the kernel slows the service down.
func TestSystemdMemory(t *testing.T) {
	var high, most int
	for line := range strings.Lines(Systemd{}.Print(service())) {
		fmt.Sscanf(line, "MemoryHigh=%dM\n", &high)
		fmt.Sscanf(line, "MemoryMax=%dM\n", &most)
	}
	if heap := most / 4 * 3; heap <= 0 || heap+128 > high || high >= most { // the rest is for SQLite's caches
		t.Errorf("heap up to %d MiB, slowed down at %d, killed at %d", heap, high, most)
	}
}

func TestLaunchdEscapes(t *testing.T) {
	s := service()
	s.Args = append(s.Args, "--client-ca=/etc/<a>&b.pem")
	if text := (Launchd{}).Print(s); !strings.Contains(text, "<string>--client-ca=/etc/&lt;a&gt;&amp;b.pem</string>") ||
		!strings.Contains(text, "<key>UserName</key>\n<string>virgo-endpoint</string>") {
		t.Errorf("%s", text)
	}
}
