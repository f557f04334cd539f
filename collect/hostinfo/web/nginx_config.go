package web

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"virgo/collect/hostinfo/conf"
	"virgo/collect/hostinfo/redact"
)

// An nginxReader reads a configuration (nginx.org/en/docs/beginners_guide.html) as the server does:
// directives that end with ; and blocks, in files that include others.
type nginxReader struct {
	configFiles
	// folder of the included files.
	folder string

	setup  nginxConfig
	blocks []string
	host   *nginxVhost
}

// file reads one file and those that it includes. Blocks that it leaves open end with it.
func (r *nginxReader) file(name string) {
	b, ok := r.open(name)
	if !ok {
		return
	}
	defer r.close()
	outer := len(r.blocks)
	s := nginxScanner{text: string(b), line: 1}
	for r.more() {
		words, end, line := s.next()
		if end == 0 {
			break
		}
		switch end {
		case '}':
			if len(r.blocks) > outer {
				r.closeBlock()
			}
		case '{':
			if len(words) > 0 && strings.HasSuffix(words[0], "_by_lua_block") {
				s.skipLua()
				continue
			}
			r.openBlock(words, fmt.Sprintf("%s:%d", name, line))
		case ';':
			r.directive(words)
		}
	}
	for len(r.blocks) > outer {
		r.closeBlock()
	}
}

func (r *nginxReader) openBlock(words []string, place string) {
	block := ""
	if len(words) > 0 {
		block = words[0]
	}
	// In an upstream, server is a directive; in stream or mail it is no web site.
	if block == "server" && slices.Contains(r.blocks, "http") && r.host == nil {
		r.host = &nginxVhost{Aliases: []string{}, Listen: []string{}, Proxies: []string{}, Conf: place}
	}
	r.blocks = append(r.blocks, block)
}

func (r *nginxReader) closeBlock() {
	block := r.blocks[len(r.blocks)-1]
	r.blocks = r.blocks[:len(r.blocks)-1]
	if block == "server" && r.host != nil {
		r.setup.Vhosts = append(r.setup.Vhosts, *r.host)
		r.host = nil
	}
}

func (r *nginxReader) directive(w []string) {
	if len(w) < 2 {
		return
	}
	within := ""
	if len(r.blocks) > 0 {
		within = r.blocks[len(r.blocks)-1]
	}
	switch w[0] {
	case "include":
		pattern := w[1]
		if !path.IsAbs(pattern) {
			pattern = path.Join(r.folder, pattern)
		}
		r.setup.Includes = append(r.setup.Includes, redact.Value("", pattern))
		for _, name := range r.glob(pattern) {
			r.file(name)
		}
	case "user":
		r.setup.User = redact.Value("", w[1])
	case "worker_processes":
		r.setup.WorkerProcesses = redact.Value("", w[1])
	case "worker_connections":
		r.setup.WorkerConnections = redact.Value("", w[1])
	}
	if r.host == nil {
		return
	}
	switch w[0] {
	case "server_name":
		r.host.Domain = redact.Value("", w[1])
		for _, alias := range w[2:] {
			r.host.Aliases = append(r.host.Aliases, redact.Value("", alias))
		}
	case "listen":
		r.host.Listen = append(r.host.Listen, redact.Value("", strings.Join(w[1:], " ")))
		r.host.SSL = r.host.SSL || slices.Contains(w[2:], "ssl")
	case "ssl":
		r.host.SSL = r.host.SSL || w[1] == "on"
	case "ssl_certificate":
		r.host.Certificate = redact.Value("", w[1])
	case "root":
		// The server's own, else that of its first location.
		if within == "server" || r.host.Docroot == "" {
			r.host.Docroot = redact.Value("", w[1])
		}
	case "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass":
		if to := redact.Value("", w[1]); !slices.Contains(r.host.Proxies, to) {
			r.host.Proxies = append(r.host.Proxies, to)
		}
	}
}

// An nginxScanner splits a file into directives.
type nginxScanner struct {
	text string
	at   int
	line int
}

// next returns the words before the next ; { or }, which of these ended them, and the line of the
// first word. end is 0 at the end of the text.
func (s *nginxScanner) next() (words []string, end byte, line int) {
	line = s.line
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch c {
		case '\n':
			s.line++
			s.at++
		case ' ', '\t', '\r':
			s.at++
		case '#':
			for s.at < len(s.text) && s.text[s.at] != '\n' {
				s.at++
			}
		case ';', '{', '}':
			s.at++
			return words, c, line
		default:
			if len(words) == 0 {
				line = s.line
			}
			if word := s.word(); len(words) < 1000 {
				words = append(words, word)
			}
		}
	}
	return nil, 0, line
}

// word reads one word, quoted or not; ${name} belongs to it.
func (s *nginxScanner) word() string {
	start := s.at
	if quote := s.text[s.at]; quote == '"' || quote == '\'' {
		for s.at++; s.at < len(s.text) && s.text[s.at] != quote; s.at++ {
			if s.text[s.at] == '\\' {
				s.at++
			}
		}
		inner := s.text[min(start+1, len(s.text)):min(s.at, len(s.text))]
		s.line += strings.Count(inner, "\n")
		s.at = min(s.at+1, len(s.text))
		return inner
	}
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n;{}", s.text[s.at]) < 0 {
		switch {
		case strings.HasPrefix(s.text[s.at:], "${"):
			// Names are short; a longer search for each would take quadratic time.
			const maxName = 256
			if closed := strings.IndexByte(s.text[s.at:min(s.at+maxName, len(s.text))], '}'); closed > 0 {
				s.at += closed
			}
		case s.text[s.at] == '\\' && s.at+1 < len(s.text):
			s.at++
		}
		s.at++
	}
	return s.text[start:min(s.at, len(s.text))]
}

// skipLua skips a block of Lua, with its }.
func (s *nginxScanner) skipLua() {
	inner, rest := conf.CutLuaBlock(s.text[s.at:])
	s.line += strings.Count(inner, "\n")
	s.at = len(s.text) - len(rest)
}
