package trial

import (
	"context"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/collect/script/lint"
	"virgo/schedule/capability"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

// declared is the guard of tests: a script may use what it declares, with the details of the test.
// Nothing of this host is behind it, only what the test captured.
type declared struct {
	script string
	needs  capability.Set
}

func declaredGuard(s scriptbundle.Script, _ bool, req collect.Request) (script.Guard, error) {
	d := declared{s.Type, capability.Set{}}
	for kind, patterns := range s.Needs {
		for _, detail := range s.Details {
			if detail.Kind == "object" {
				continue // never in a pattern
			}
			values, err := req.Check.Details.Strings(detail.Name)
			if err != nil {
				return nil, err
			}
			if len(values) == 0 {
				values = []string{detail.Default}
			}
			patterns = withDetail(patterns, "${"+detail.Name+"}", values)
		}
		d.needs[kind] = patterns
	}
	return d, nil
}

// withDetail puts each value of a detail into each pattern that has it.
func withDetail(patterns []string, name string, values []string) (all []string) {
	for _, p := range patterns {
		if !strings.Contains(p, name) {
			all = append(all, p)
			continue
		}
		for _, v := range values {
			with := strings.ReplaceAll(p, name+"/", strings.TrimSuffix(v, "/")+"/")
			all = append(all, strings.ReplaceAll(with, name, v))
		}
	}
	return all
}

func (d declared) use(kind capability.Kind, value string) error {
	if lint.Declares(kind, d.needs[kind], value) {
		return nil
	}
	return &policy.UndeclaredError{Script: d.script, Need: capability.Need{Kind: kind, Pattern: value}}
}

func (d declared) File(path string) (string, error) { return path, d.use(capability.Files, path) }
func (d declared) Opened(*os.File) error            { return nil }
func (d declared) Program(name string) error        { return d.use(capability.Programs, name) }
func (d declared) Unix(path string) error           { return d.use(capability.Unix, path) }
func (d declared) Name(dns string) error            { return d.use(capability.DNS, dns) }
func (d declared) Figures(typ string) error         { return d.use(capability.Figures, typ) }

func (d declared) URL(u *url.URL) error { return d.use(capability.HTTP, u.String()) }

func (d declared) Connect(network, host, port string) error {
	kind := capability.TCP
	if strings.HasPrefix(network, "udp") {
		kind = capability.UDP
	}
	return d.use(kind, net.JoinHostPort(host, port))
}

func (d declared) Control(string, string) func(context.Context, string, string, syscall.RawConn) error {
	return func(context.Context, string, string, syscall.RawConn) error { return nil }
}
