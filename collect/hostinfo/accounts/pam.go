package accounts

import (
	"context"
	"path"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

type pamLine struct {
	File            string `json:"file" doc:"the service, the name of its file in /etc/pam.d"`
	ModuleInterface string `json:"module_interface" doc:"auth, account, password or session, with a - before it if the module may be missing; @include"`
	ControlFlags    string `json:"control_flags" doc:"required, sufficient and so on, or what is in the brackets; empty for @include"`
	ModuleName      string `json:"module_name" doc:"the module, or the file that is included"`
	ModuleArguments string `json:"module_arguments" doc:"its arguments, without secrets"`
}

func pamType() source.Type {
	return source.Type{
		Name:    "pam",
		Summary: "PAM modules of each service, from /etc/pam.d",
		Systems: []string{"linux"},
		Shape:   []pamLine{},
		Read:    readPAM,
	}
}

func readPAM(ctx context.Context, h *source.Host) (any, error) {
	const folder = "/etc/pam.d"
	names, err := h.Names(folder)
	if err != nil {
		return nil, err
	}
	all := []pamLine{}
	var problems source.Problems
	for _, name := range names {
		b, err := h.ReadContext(ctx, path.Join(folder, name))
		problems.Add(err)
		all = append(all, parsePAM(name, b)...)
	}
	return all, problems.Err()
}

// parsePAM parses a file of pam.d(5): interface, control, module, arguments. A \ at the end of a
// line continues it; the control and an argument may be in square brackets, and then have blanks in
// them.
func parsePAM(file string, b []byte) []pamLine {
	var all []pamLine
	text := strings.ReplaceAll(string(b), "\\\n", " ")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		w := pamWords(line)
		if len(w) < 2 {
			continue
		}
		l := pamLine{File: file, ModuleInterface: w[0]}
		switch strings.ToLower(strings.TrimPrefix(w[0], "-")) {
		case "@include":
			l.ModuleName = w[1]
		case "auth", "account", "password", "session":
			if len(w) < 3 {
				continue
			}
			l.ControlFlags, l.ModuleName = w[1], w[2]
			l.ModuleArguments = strings.Join(redact.Args(w[2:])[1:], " ")
		default:
			continue
		}
		all = append(all, l)
	}
	return all
}

// pamWords splits a line; what is in brackets is one word, without them.
func pamWords(line string) []string {
	var all []string
	closes := true // a bracket that nothing closes is searched once, so that the time is linear
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexAny(line, " \t")
		if line[0] == '[' && closes {
			if closed := strings.IndexByte(line, ']'); closed > 0 {
				all, line = append(all, line[1:closed]), line[closed+1:]
				continue
			}
			closes = false
		}
		if end < 0 {
			end = len(line)
		}
		all, line = append(all, line[:end]), line[end:]
	}
	return all
}
