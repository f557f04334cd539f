package web

import (
	"context"
	"path"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// nginxConfig is how nginx is set up.
type nginxConfig struct {
	Installed          bool         `json:"installed" doc:"its program is installed; the rest is empty if not"`
	Bin                string       `json:"bin" doc:"path of its program"`
	Version            string       `json:"version" doc:"its version: 1.22.1"`
	Prefix             string       `json:"prefix" doc:"folder that it was built for"`
	ConfPath           string       `json:"conf_path" doc:"its main configuration file"`
	ConfigureArguments []string     `json:"configure_arguments" doc:"options that it was built with, without those of the compiler"`
	User               string       `json:"user" doc:"user that it runs as"`
	WorkerProcesses    string       `json:"worker_processes" doc:"number of worker processes, or auto"`
	WorkerConnections  string       `json:"worker_connections" doc:"connections of one worker process"`
	Processes          int          `json:"processes" doc:"its processes that run now"`
	Includes           []string     `json:"includes" doc:"files that the configuration includes, as patterns"`
	Vhosts             []nginxVhost `json:"vhosts" doc:"servers of http, in the order of the configuration"`
}

// A nginxVhost is a server block of http.
type nginxVhost struct {
	Domain      string   `json:"domain" doc:"its first server_name"`
	Aliases     []string `json:"aliases" doc:"its other names"`
	Listen      []string `json:"listen" doc:"what it listens on, with options: 80 default_server"`
	Docroot     string   `json:"docroot" doc:"its root, else that of its first location"`
	Proxies     []string `json:"proxies" doc:"where its locations pass requests to"`
	SSL         bool     `json:"ssl" doc:"it serves TLS"`
	Certificate string   `json:"certificate" doc:"path of its certificate"`
	Conf        string   `json:"conf" doc:"where it is defined: file:line"`
}

func nginxConfigType() source.Type {
	return source.Type{
		Name:    "nginx_config",
		Summary: "configuration of nginx, with its servers",
		Systems: []string{"linux"},
		Shape:   nginxConfig{},
		Read:    func(ctx context.Context, h *source.Host) (any, error) { return readNginx(ctx, h) },
	}
}

func readNginx(ctx context.Context, h *source.Host) (nginxConfig, error) {
	n := nginxConfig{ConfigureArguments: []string{}, Includes: []string{}, Vhosts: []nginxVhost{}}
	if n.Bin = h.Program("nginx"); n.Bin == "" {
		return n, nil
	}
	n.Installed, n.ConfPath = true, "/etc/nginx/nginx.conf"
	// nginx prints its version on standard error, which Run returns only if a program fails.
	out, err := h.Run(ctx, "sh", "-c", "exec nginx -V 2>&1")
	parseNginxVersion(out, &n, h.Arguments)
	r := newNginxReader(ctx, h, n)
	r.problems.Add(err)
	r.file(n.ConfPath)
	r.setup.Processes = len(h.Processes("nginx"))
	r.problems.Add(ctx.Err())
	return r.setup, r.problems.Err()
}

// newNginxReader adds to what is known of a configuration.
func newNginxReader(ctx context.Context, h *source.Host, known nginxConfig) *nginxReader {
	return &nginxReader{configFiles: newConfigFiles(ctx, h), setup: known, folder: path.Dir(known.ConfPath)}
}

// showBuildOption shows an option of configure. Those of the compiler are in quotes and may be anything.
func showBuildOption(option string, show redact.Arguments) string {
	name, value, ok := strings.Cut(option, "=")
	if !ok || strings.ContainsAny(value, "\"' ") || !strings.HasPrefix(name, "--") {
		return show.Options([]string{option}, " ", nil)
	}
	return show.Options([]string{name}, " ", nil) + "=" + redact.Value(name, value)
}

// parseNginxVersion parses what nginx -V prints.
func parseNginxVersion(b []byte, n *nginxConfig, show redact.Arguments) {
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if _, version, ok := strings.Cut(line, "nginx version: "); ok {
			_, version, _ = strings.Cut(version, "/")
			n.Version, _, _ = strings.Cut(version, " ")
		}
		arguments, ok := strings.CutPrefix(line, "configure arguments: ")
		if !ok {
			continue
		}
		for _, a := range splitArguments(arguments) {
			n.ConfigureArguments = append(n.ConfigureArguments, showBuildOption(a, show))
			if prefix, ok := strings.CutPrefix(a, "--prefix="); ok {
				n.Prefix = redact.Value("", prefix)
			}
			if conf, ok := strings.CutPrefix(a, "--conf-path="); ok && path.IsAbs(conf) {
				n.ConfPath = conf
			}
		}
	}
}

// splitArguments splits at spaces outside of quotes.
func splitArguments(s string) []string {
	quote := rune(0)
	return strings.FieldsFunc(s, func(c rune) bool {
		switch {
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == quote:
			quote = 0
		}
		return c == ' ' && quote == 0
	})
}
