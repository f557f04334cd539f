package policy

import (
	"testing"

	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
)

func TestCheckNeeds(t *testing.T) {
	d := scriptDefinition().Details
	needs := func(kind capability.Kind, pattern string) capability.Set {
		s := scriptNeeds()
		s[kind] = append(s[kind], pattern)
		return s
	}
	if err := CheckNeeds(d, scriptNeeds()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind          capability.Kind
		pattern, want string
	}{
		{capability.Files, "/proc/*/stat", ""},
		{capability.Files, "${path}/${unit}.log", ""},
		{capability.Files, "/var/${path}", `files "/var/${path}": the detail "path" cannot stand there; a path at the beginning, or a choice or a number`},
		{capability.Files, "/var/${label}", `files "/var/${label}": the detail "label" cannot stand there; a path at the beginning, or a choice or a number`},
		{capability.Files, "/var/${host}", `files "/var/${host}": the detail "host" cannot stand there; a path at the beginning, or a choice or a number`},
		{capability.Files, "relative", `files "relative" is not an absolute path`},
		{capability.Files, "/x/${none}", `files "/x/${none}": there is no detail "none"`},
		{capability.Files, "/x/${path", `files: "/x/${path" has a ${ without a name and }`},
		{capability.Files, "/x/${}", `files: "/x/${}" has a ${ without a name and }`},
		{capability.Files, `C:\Windows\**`, ""},
		{capability.Unix, "docker.sock", `unix "docker.sock" is not an absolute path`},
		{capability.Unix, "@abstract", ""},
		{capability.TCP, "localhost:http", `tcp "localhost:http" is not HOST:PORT`},
		{capability.TCP, "localhost:0", `tcp "localhost:0" is not HOST:PORT`},
		{capability.TCP, "*:1..1024", ""},
		{capability.HTTP, "http://unix:/run/docker.sock:/info", `http "http://unix:/run/docker.sock:/info" is a socket: it is for unix`},
		{capability.HTTP, "https://*:*/**", ""},
		{capability.Unix, "/run/*.sock", `unix "/run/*.sock" has a *: the path of a socket is spelled out`},
		{capability.Unix, "${socket}x", `unix "${socket}x": the detail "socket" cannot stand there; a path at the beginning, or a choice or a number`},
		{capability.TCP, "${host}", `tcp "${host}" is not HOST:PORT`},
		{capability.TCP, "[::1]:${port}", ""},
		{capability.UDP, "*:123", ""},
		{capability.HTTP, "www.example.com", `http "www.example.com" is not a URL`},
		{capability.HTTP, "${url}/**", ""},
		{capability.HTTP, "https://${host}:${port}/${unit}", ""},
		{capability.HTTP, "https://example.com/${label}", `http "https://example.com/${label}": the detail "label" cannot stand there; a URL at the beginning, a host, a port, a choice or a number`},
		{capability.Programs, "sudo nvme", ""},
		{capability.Programs, "../sh", `programs "../sh" is no name of a program`},
		{capability.Programs, "${label}", `programs "${label}": the detail "label" cannot stand there; a choice or a number`},
		{capability.DNS, "*.${host}", ""},
	} {
		got := ""
		if err := CheckNeeds(d, needs(c.kind, c.pattern)); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s %s:\ngot  %s\nwant %s", c.kind, c.pattern, got, c.want)
		}
	}
	unused := []schedule.Detail{{Name: "path", Kind: detail.Path, Role: schedule.Path}}
	if err := CheckNeeds(unused, capability.Set{capability.Files: {"/**"}}); err == nil || err.Error() != `the detail "path" chooses a path, and no pattern in needs has ${path}` {
		t.Error(err)
	}
}
