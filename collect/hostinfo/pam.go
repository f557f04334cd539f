package hostinfo

import (
	"context"
	"path"
	"strings"
)

type pamLine struct {
	File            string `json:"file" doc:"the service, the name of its file in /etc/pam.d"`
	ModuleInterface string `json:"module_interface" doc:"auth, account, password or session, with a - before it where the module may be missing; @include"`
	ControlFlags    string `json:"control_flags" doc:"required, sufficient and the like, or what stands in the brackets; empty for @include"`
	ModuleName      string `json:"module_name" doc:"the module, or the file that is included"`
	ModuleArguments string `json:"module_arguments" doc:"its arguments, without secrets"`
}

func pamType() Type {
	return Type{
		Name:    "pam",
		Summary: "which modules decide who may log in, from /etc/pam.d",
		Systems: []string{"linux"},
		Shape:   []pamLine{},
		Read: func(ctx context.Context, h *Host) (any, error) {
			const folder = "/etc/pam.d"
			names, err := h.names(folder)
			if err != nil {
				return nil, err
			}
			all := []pamLine{}
			var wrong faults
			for _, name := range names {
				b, err := h.readUntil(ctx, path.Join(folder, name))
				wrong.add(err)
				all = append(all, parsePAM(name, b)...)
			}
			return all, wrong.err()
		},
	}
}

// parsePAM parses a file of pam.d(5): interface, control, module, arguments. A line goes on behind a \ at its end;
// the control and an argument may be in square brackets, and then hold blanks.
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
			l.ControlFlags, l.ModuleName, l.ModuleArguments = w[1], w[2], strings.Join(redactArgs(w[2:])[1:], " ")
		default:
			continue
		}
		all = append(all, l)
	}
	return all
}

// pamWords splits a line; what stands in brackets is one word, without them.
func pamWords(line string) []string {
	var all []string
	closes := true // a bracket that nothing closes is looked behind once
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
