package web

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/redact"
)

// An apacheReader reads a configuration (httpd.apache.org/docs/2.4/configuring.html) as the server
// does: files that include others, sections, variables.
type apacheReader struct {
	configFiles
	// list returns the names in a folder; not ok for anything else.
	list func(name string) ([]string, bool)

	setup apacheSetup
	root  string
	vars  map[string]string
}

// An apacheSetup is what a configuration sets.
type apacheSetup struct {
	user, docroot, maxClients string
	listen, modules           []string
	vhosts                    []apacheVhost
}

// An apacheSection is an open section: whether its directives are skipped, and the virtual host
// that it belongs to.
type apacheSection struct {
	name string
	skip bool
	host *apacheVhost
}

// file reads one file and those that it includes. Sections end with their file.
func (r *apacheReader) file(name string, outer apacheSection) {
	b, ok := r.open(name)
	if !ok {
		return
	}
	defer r.close()
	open := []apacheSection{outer}
	for line, text := range apacheLines(b) {
		if !r.more() {
			return
		}
		at := open[len(open)-1]
		switch {
		case strings.HasPrefix(text, "</"):
			if len(open) > 1 {
				if at.host != nil && strings.EqualFold(at.name, "VirtualHost") && !at.skip {
					r.setup.vhosts = append(r.setup.vhosts, *at.host)
				}
				open = open[:len(open)-1]
			}
		case strings.HasPrefix(text, "<"):
			if len(open) < 64 {
				open = append(open, r.section(at, text, fmt.Sprintf("%s:%d", name, line)))
			}
		case !at.skip:
			r.directive(at, r.words(text))
		}
	}
}

// section opens "<Name arguments>".
func (r *apacheReader) section(outer apacheSection, text, place string) apacheSection {
	words := r.words(strings.TrimRight(strings.TrimPrefix(text, "<"), "> \t"))
	s := apacheSection{skip: outer.skip, host: outer.host}
	if len(words) == 0 {
		return s
	}
	s.name = words[0]
	argument := strings.Join(words[1:], " ")
	negated := strings.HasPrefix(argument, "!")
	argument = strings.TrimPrefix(argument, "!")
	switch strings.ToLower(s.name) {
	case "virtualhost":
		s.host = &apacheVhost{
			Address: redact.Value("", argument), Port: firstPort(argument), Conf: place,
			Aliases: []string{}, AccessLogs: []string{},
		}
	case "ifmodule":
		s.skip = s.skip || r.loaded(argument) == negated
	case "ifdefine":
		_, defined := r.vars[argument]
		s.skip = s.skip || defined == negated
	case "macro":
		s.skip = true // it counts where it is used, with arguments
	}
	return s
}

// firstPort is the port of the first of some addresses, "*:80" or "[::1]:443"; empty if it has
// none.
func firstPort(addresses string) string {
	first, _, _ := strings.Cut(addresses, " ")
	at := strings.LastIndexByte(first, ':')
	if at < 0 || strings.HasSuffix(first, "]") {
		return ""
	}
	return first[at+1:]
}

// loaded reports whether a module is loaded, by its name or its source file: ssl_module, mod_ssl.c.
func (r *apacheReader) loaded(name string) bool {
	if source, ok := strings.CutSuffix(name, ".c"); ok {
		name = strings.TrimPrefix(source, "mod_") + "_module"
		if name == "prefork_module" || name == "worker_module" || name == "event_module" {
			name = "mpm_" + name // their source files have short names
		}
	}
	// Distributions build these in, so that no directive loads them.
	builtIn := []string{
		"core_module", "so_module", "http_module", "log_config_module", "logio_module", "version_module",
		"unixd_module", "watchdog_module",
	}
	return slices.Contains(r.setup.modules, name) || slices.Contains(builtIn, name)
}

func (r *apacheReader) directive(at apacheSection, w []string) {
	if len(w) < 2 {
		return
	}
	switch name := strings.ToLower(w[0]); {
	case name == "include" || name == "includeoptional":
		r.include(w[1], at)
	case name == "serverroot":
		r.root = w[1]
	case name == "define":
		r.vars[w[1]] = strings.Join(w[2:], " ")
	case name == "loadmodule":
		r.setup.modules = append(r.setup.modules, redact.Value("", w[1]))
	case at.host != nil:
		at.host.set(name, w[1:])
	default:
		r.setup.set(name, w[1])
	}
}

// set takes a directive outside of virtual hosts.
func (s *apacheSetup) set(name, value string) {
	switch name {
	case "listen":
		s.listen = append(s.listen, redact.Value("", value))
	case "user":
		s.user = redact.Value("", value)
	case "maxclients", "maxrequestworkers":
		s.maxClients = redact.Value("", value)
	case "documentroot":
		s.docroot = redact.Value("", value)
	}
}

// set takes a directive of a virtual host.
func (v *apacheVhost) set(name string, values []string) {
	switch value := values[0]; name {
	case "servername":
		v.Vhost = redact.Value("", value)
	case "serveralias":
		for _, alias := range values {
			v.Aliases = append(v.Aliases, redact.Value("", alias))
		}
	case "documentroot":
		v.Docroot = redact.Value("", value)
	case "errorlog":
		v.ErrorLog = showLog(value)
	case "customlog", "transferlog":
		v.AccessLogs = append(v.AccessLogs, showLog(value))
	case "sslengine":
		v.SSL = strings.EqualFold(value, "on")
	case "sslcertificatefile":
		v.Certificate = redact.Value("", value)
	}
}

// showLog shows where a log goes: a file, or of a program that takes it the program and its options.
func showLog(value string) string {
	if command, ok := strings.CutPrefix(value, "|"); ok {
		return "|" + redact.Arguments{}.Shell(command)
	}
	return redact.Value("", value)
}

// include reads a file, all files below a folder, or those that match a pattern.
func (r *apacheReader) include(pattern string, at apacheSection) {
	if !path.IsAbs(pattern) {
		pattern = path.Join(r.root, pattern)
	}
	for _, name := range r.glob(pattern) {
		if names, ok := r.list(name); ok {
			if r.depth < maxConfigDepth && len(names) > 0 {
				r.depth++
				r.include(name+"/*", at)
				r.depth--
			}
			continue
		}
		r.file(name, at)
	}
}

// words splits a directive as Apache does, with its variables expanded.
func (r *apacheReader) words(text string) []string {
	var all []string
	const maxWords = 1000
	for text = strings.TrimLeft(text, " \t"); text != "" && len(all) < maxWords; text = strings.TrimLeft(text, " \t") {
		word := ""
		if quote := text[0]; quote == '"' || quote == '\'' {
			end := 1
			for end < len(text) && (text[end] != quote || text[end-1] == '\\') {
				end++
			}
			word, text = text[1:end], text[min(end+1, len(text)):]
		} else {
			end := strings.IndexAny(text, " \t")
			if end < 0 {
				end = len(text)
			}
			word, text = text[:end], text[end:]
		}
		all = append(all, r.expand(word))
	}
	return all
}

// expand inserts the variables of a word; those that are not set stay as they are.
func (r *apacheReader) expand(word string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(word, "${")
		out.WriteString(before)
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed || out.Len() > redact.MaxExcerpt {
			if ok {
				out.WriteString("${" + rest)
			}
			return out.String()
		}
		if value, set := r.vars[name]; set && redact.IsSecret(name, value) {
			out.WriteString(redact.Mark)
		} else if set {
			out.WriteString(value)
		} else {
			out.WriteString("${" + name + "}")
		}
		word = after
	}
}

// apacheLines returns the directives with the number of their first line: trimmed, continued lines
// joined, without comments.
func apacheLines(b []byte) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number, first := 0, 1
		var joined []byte
		for line := range bytes.Lines(b) {
			number++
			if len(joined) == 0 {
				first = number
			}
			line = bytes.TrimRight(line, "\r\n")
			if before, ok := bytes.CutSuffix(line, []byte(`\`)); ok && len(joined) < 1<<16 {
				joined = append(append(joined, before...), ' ')
				continue
			}
			text := strings.TrimSpace(string(append(joined, line...)))
			joined = joined[:0]
			if text != "" && text[0] != '#' && !yield(first, text) {
				return
			}
		}
	}
}

// parseEnvvars parses Debian's file of the variables that Apache starts with: lines "export
// NAME=value". What the shell would have to evaluate (a command, another variable) is left out of
// the value.
func parseEnvvars(b []byte) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(string(b)) {
		assignment, ok := strings.CutPrefix(strings.TrimSpace(line), "export ")
		name, value, ok2 := strings.Cut(assignment, "=")
		if !ok || !ok2 || strings.ContainsAny(value, "`(") {
			continue
		}
		value, _, _ = strings.Cut(strings.Trim(value, `"'`), "$")
		vars[strings.TrimSpace(name)] = value
	}
	return vars
}
