package web

import (
	"context"
	"slices"
	"strings"

	"virgo/collect/hostinfo/conf"
	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// maxPHPModules of a program are reported.
const maxPHPModules = 1000

// php is which PHP is installed and how it is set up.
type php struct {
	Installed bool         `json:"installed" doc:"there is a program or a configuration of PHP"`
	Version   phpVersion   `json:"version" doc:"of the command line program"`
	Modules   []string     `json:"modules" doc:"modules of the command line program"`
	LogFiles  string       `json:"log_files" doc:"where the web server writes PHP's errors, as a pattern"`
	Settings  []phpSetting `json:"settings" doc:"settings of each php.ini about limits and safety"`
}

type phpVersion struct {
	Type    string `json:"type" doc:"PHP or HipHop; empty without a command line program"`
	Version string `json:"version" doc:"its version: 8.2.29"`
}

// A phpSetting is a line of a php.ini.
type phpSetting struct {
	File  string `json:"file" doc:"the php.ini"`
	Name  string `json:"name" doc:"name of the setting: memory_limit"`
	Value string `json:"value" doc:"its value, as written"`
}

func phpType() source.Type {
	return source.Type{
		Name:    "php",
		Summary: "PHP: version, modules and limits",
		Systems: []string{"linux"},
		Shape:   php{},
		Read:    readPHP,
	}
}

func readPHP(ctx context.Context, h *source.Host) (any, error) {
	p := php{Modules: []string{}, Settings: []phpSetting{}}
	var problems source.Problems
	if name := findPHP(h); name != "" {
		p.Installed = true
		out, err := h.Run(ctx, name, "-v")
		problems.Add(err)
		p.Version = parsePHPVersion(out)
		out, err = h.Run(ctx, name, "-m")
		problems.Add(err)
		p.Modules = parsePHPModules(out)
	}
	for _, pattern := range []string{
		"/etc/php/*/*/php.ini", "/etc/php.ini", "/etc/opt/remi/*/php.ini", "/etc/php[0-9]*/php.ini",
		"/usr/local/etc/php/php.ini",
	} {
		for _, file := range h.Glob(pattern) {
			p.Installed = true
			b, err := h.Read(file)
			problems.Add(err)
			p.Settings = append(p.Settings, parsePHPSettings(b, file)...)
		}
	}
	switch {
	case !p.Installed:
	case h.Exists("/var/log/apache2"):
		p.LogFiles = "/var/log/apache2/*error.log*"
	case h.Exists("/var/log/httpd"):
		p.LogFiles = "/var/log/httpd/*error*log*"
	}
	return p, problems.Err()
}

// findPHP returns the name of the command line program, or "".
func findPHP(h *source.Host) string {
	for _, name := range []string{"php", "hhvm"} {
		if h.Program(name) != "" {
			return name
		}
	}
	return ""
}

// parsePHPVersion parses the first line of php -v, "PHP 8.2.29 (cli) …", or of hhvm, "HipHop VM
// 3.30.12 …". Warnings may precede it.
func parsePHPVersion(b []byte) phpVersion {
	for line := range strings.Lines(string(b)) {
		w := strings.Fields(line)
		at := 1
		if len(w) > 2 && w[0] == "HipHop" {
			at = 2
		}
		if len(w) > at && (w[0] == "PHP" || w[0] == "HipHop") && w[at][0] >= '0' && w[at][0] <= '9' {
			return phpVersion{w[0], w[at]}
		}
	}
	return phpVersion{}
}

// parsePHPModules parses php -m: a name per line, with headings in brackets.
func parsePHPModules(b []byte) []string {
	names := []string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '[' && !slices.Contains(names, line) && len(names) < maxPHPModules {
			names = append(names, line)
		}
	}
	return names
}

// parsePHPSettings picks settings. Those of sessions, mail and databases, which may have passwords,
// are not among them.
func parsePHPSettings(b []byte, file string) []phpSetting {
	shown := []string{
		"memory_limit", "max_execution_time", "max_input_time", "max_input_vars", "post_max_size",
		"upload_max_filesize", "max_file_uploads", "file_uploads", "display_errors", "log_errors", "error_log",
		"error_reporting", "expose_php", "allow_url_fopen", "allow_url_include", "open_basedir",
		"disable_functions", "date.timezone", "short_open_tag", "session.save_handler", "session.cookie_secure",
		"session.cookie_httponly", "opcache.enable", "opcache.memory_consumption", "realpath_cache_size",
	}
	var all []phpSetting
	for _, line := range conf.ParseINI(b, false) {
		if slices.Contains(shown, line.Key) && len(all) < source.MaxRows {
			all = append(all, phpSetting{file, line.Key, redact.Value(line.Key, strings.Trim(line.Value, `"`))})
		}
	}
	return all
}
