package config

import (
	"fmt"
	"slices"
	"strings"

	"virgo/collect/worker"
	"virgo/schedule/shorttext"
)

// remoteRequests returns the requests that an endpoint can send: to run a check once, to list the
// targets of a check, and for host information. All are allowed by default.
func remoteRequests() []string { return []string{"check.test", "check.targets", "host_info"} }

// noRequests is the value of allow_remote that allows no request.
const noRequests = "none"

func checkRequests(values []string) error {
	known := remoteRequests()
	for _, v := range values {
		if !slices.Contains(known, v) {
			return &Error{
				Err:  fmt.Errorf("%.64q is not a known request", v),
				Next: suggestion(v, known, "use "+strings.Join(known, ", ")+", or none"),
			}
		}
	}
	return nil
}

// The values of host_info_arguments: of command lines, cron jobs, mount options and the like, names of
// programs and options are shown, or all of it, secrets included.
const (
	NamesOfArguments = "names"
	FullArguments    = "full"
)

func checkHostInfoArguments(value string) error {
	known := []string{NamesOfArguments, FullArguments}
	if slices.Contains(known, value) {
		return nil
	}
	return &Error{Err: fmt.Errorf("%.64q is neither names nor full", value), Next: suggestion(value, known, "use names or full")}
}

// checkHostInfoTypes rejects unknown types: a misspelt type would not be denied to the endpoint.
func checkHostInfoTypes(values []string) error {
	for _, v := range values {
		if !worker.HasHostInfo(v) {
			return &Error{
				Err:  fmt.Errorf("%.64q is not a type of host information", v),
				Next: suggestion(v, hostInfoTypes(), "virgo hostinfo --list"),
			}
		}
	}
	return nil
}

func hostInfoTypes() []string {
	var names []string
	for _, t := range worker.LoadCatalog().HostInfo {
		names = append(names, t.Name)
	}
	return names
}

func suggestion(word string, known []string, otherwise string) string {
	if near := shorttext.Nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}
