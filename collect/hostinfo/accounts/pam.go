package accounts

import (
	"context"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

type pamLine struct {
	File            string `json:"file" doc:"the service, the name of its file in /etc/pam.d"`
	ModuleInterface string `json:"module_interface" doc:"auth, account, password or session, with a - before it if the module may be missing; @include"`
	ControlFlags    string `json:"control_flags" doc:"required, sufficient and so on, or what is in the brackets; empty for @include"`
	ModuleName      string `json:"module_name" doc:"the module, or the file that is included"`
	ModuleArguments string `json:"module_arguments" doc:"names of its arguments; with their values if the owner chose host_info_arguments: full"`
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
		all = append(all, parsePAM(name, b, h.Arguments)...)
	}
	return all, problems.Err()
}

// parsePAM parses a file of pam.d(5): interface, control, module, arguments. A \ at the end of a
// line continues it; the control and an argument may be in square brackets, and then have blanks in
// them.
func parsePAM(file string, b []byte, show redact.Arguments) []pamLine {
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
			l.ModuleName = redact.Value("", w[1])
		case "auth", "account", "password", "session":
			if len(w) < 3 {
				continue
			}
			l.ControlFlags, l.ModuleName = showControl(w[1]), redact.Value("", w[2])
			l.ModuleArguments = show.Options(w[3:], " ", pamFlags())
		default:
			continue
		}
		all = append(all, l)
	}
	return all
}

// showControl shows a control: a word, or what to do for each result of the module (pam.d(5)).
func showControl(control string) string {
	words := strings.Fields(control)
	for i, w := range words {
		result, action, ok := strings.Cut(w, "=")
		if !ok && i == 0 || slices.Contains([]string{"ignore", "bad", "die", "ok", "done", "reset"}, action) ||
			action != "" && strings.Trim(action, "0123456789") == "" {
			words[i] = redact.Value("", w)
			continue
		}
		words[i] = redact.Value("", result) + "=" + redact.Omitted
	}
	return strings.Join(words, " ")
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

// pamFlags are arguments without a value of the modules that systems come with.
func pamFlags() []string {
	return []string{
		"audit", "blank", "conf", "debug", "deny", "even_deny_root", "expose_authtok", "forward_pass", "likeauth", "md5",
		"nodefgroup", "no_log_info", "no_warn", "nullok", "nullok_secure", "nullreset", "onerr", "open_only", "preauth",
		"authfail", "authsucc", "quiet", "quiet_fail", "quiet_success", "revoke", "force", "sha256", "sha512", "yescrypt",
		"blowfish", "bigcrypt", "shadow", "silent", "standard", "obscure", "noenv", "nopen", "env_params", "isregular", "noinit", "stdout", "trust", "try_authtok", "try_first_pass",
		"use_authtok", "use_first_pass", "use_uid", "broken_shadow", "noreap", "not_set_pass", "skip_passwd", "noupdate",
		"showfailed", "noaudit", "enforce_for_root", "local_users_only", "retry", "type", "seteuid", "log", "close",
		"open", "multiple", "restore", "nodns", "auto_start", "kill-session-processes", "user", "uid", "gid", "in", "notin",
		"ingroup", "notingroup", "eq", "ne", "lt", "le", "gt", "ge", "service", "rhost", "tty", "shell", "home", "succeed_if",
	}
}
