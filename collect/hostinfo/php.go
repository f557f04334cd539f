package hostinfo

import (
	"context"
	"slices"
	"strings"
)

// php is which PHP is installed and how it is set up.
type php struct {
	Installed bool         `json:"installed" doc:"a program or a configuration of PHP's is there"`
	Version   phpVersion   `json:"version" doc:"of the program on the command line"`
	Modules   []string     `json:"modules" doc:"modules of the program on the command line"`
	LogFiles  string       `json:"log_files" doc:"where the web server writes PHP's errors, as a pattern"`
	Settings  []phpSetting `json:"settings" doc:"settings of each php.ini that tell about limits and safety"`
}

type phpVersion struct {
	Type    string `json:"type" doc:"PHP or HipHop; empty where there is no program on the command line"`
	Version string `json:"version" doc:"its version: 8.2.29"`
}

// A phpSetting is a line of a php.ini.
type phpSetting struct {
	File  string `json:"file" doc:"the php.ini"`
	Name  string `json:"name" doc:"name of the setting: memory_limit"`
	Value string `json:"value" doc:"its value, as written"`
}

func phpType() Type {
	return Type{
		Name:    "php",
		Summary: "which PHP is installed, its modules and its limits",
		Systems: []string{"linux"},
		Shape:   php{},
		Read:    readPHP,
	}
}

func readPHP(ctx context.Context, h *Host) (any, error) {
	p := php{Modules: []string{}, Settings: []phpSetting{}}
	var f faults
	if name := h.phpProgram(); name != "" {
		p.Installed = true
		out, err := h.output(ctx, name, "-v")
		f.add(err)
		p.Version = parsePHPVersion(out)
		out, err = h.output(ctx, name, "-m")
		f.add(err)
		p.Modules = parsePHPModules(out)
	}
	for _, pattern := range []string{"/etc/php/*/*/php.ini", "/etc/php.ini", "/etc/opt/remi/*/php.ini", "/etc/php[0-9]*/php.ini", "/usr/local/etc/php/php.ini"} {
		for _, file := range h.glob(pattern) {
			p.Installed = true
			b, err := h.read(file)
			f.add(err)
			p.Settings = append(p.Settings, parsePHPSettings(b, file)...)
		}
	}
	switch {
	case !p.Installed:
	case h.exists("/var/log/apache2"):
		p.LogFiles = "/var/log/apache2/*error.log*"
	case h.exists("/var/log/httpd"):
		p.LogFiles = "/var/log/httpd/*error*log*"
	}
	return p, f.err()
}

// phpProgram is the name of PHP on the command line; empty where there is none.
func (h *Host) phpProgram() string {
	for _, name := range []string{"php", "hhvm"} {
		if h.binary(name) != "" {
			return name
		}
	}
	return ""
}

// parsePHPVersion reads the first line of php -v, "PHP 8.2.29 (cli) …", or of hhvm, "HipHop VM 3.30.12 …";
// warnings may stand before it.
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

// parsePHPModules reads php -m: a name in each line below headings in brackets.
func parsePHPModules(b []byte) []string {
	names := []string{}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '[' && !slices.Contains(names, line) && len(names) < 1000 {
			names = append(names, line)
		}
	}
	return names
}

// parsePHPSettings picks the settings that are told: no path of sessions, no mail and no database, whose
// values may have passwords.
func parsePHPSettings(b []byte, file string) []phpSetting {
	shown := []string{
		"memory_limit", "max_execution_time", "max_input_time", "max_input_vars", "post_max_size", "upload_max_filesize",
		"max_file_uploads", "file_uploads", "display_errors", "log_errors", "error_log", "error_reporting", "expose_php",
		"allow_url_fopen", "allow_url_include", "open_basedir", "disable_functions", "date.timezone", "short_open_tag",
		"session.save_handler", "session.cookie_secure", "session.cookie_httponly", "opcache.enable", "opcache.memory_consumption",
		"realpath_cache_size",
	}
	var all []phpSetting
	for _, line := range parseINI(b, false) {
		if slices.Contains(shown, line.key) && len(all) < MaxRows {
			all = append(all, phpSetting{file, line.key, plainText(strings.Trim(line.value, `"`))})
		}
	}
	return all
}
