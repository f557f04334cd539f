package hostinfo

import (
	"context"
	"path"
	"strings"
)

// nginxConfig is how nginx is set up.
type nginxConfig struct {
	Installed          bool         `json:"installed" doc:"its program is there; the rest is empty where it is not"`
	Bin                string       `json:"bin" doc:"path of its program"`
	Version            string       `json:"version" doc:"its version: 1.22.1"`
	Prefix             string       `json:"prefix" doc:"folder that it was built for"`
	ConfPath           string       `json:"conf_path" doc:"its first configuration file"`
	ConfigureArguments []string     `json:"configure_arguments" doc:"what it was built with"`
	User               string       `json:"user" doc:"who it serves as"`
	WorkerProcesses    string       `json:"worker_processes" doc:"processes that serve: a number, or auto"`
	WorkerConnections  string       `json:"worker_connections" doc:"connections of one such process"`
	Processes          int          `json:"processes" doc:"processes of it that run now"`
	Includes           []string     `json:"includes" doc:"files that the configuration includes, as patterns"`
	Vhosts             []nginxVhost `json:"vhosts" doc:"servers of http, as they are read"`
}

// A nginxVhost is a server block of http.
type nginxVhost struct {
	Domain      string   `json:"domain" doc:"its first server_name"`
	Aliases     []string `json:"aliases" doc:"its other names"`
	Listen      []string `json:"listen" doc:"what it waits at, with its options: 80 default_server"`
	Docroot     string   `json:"docroot" doc:"its root, else the first one of its locations"`
	Proxies     []string `json:"proxies" doc:"where its locations pass requests on to"`
	SSL         bool     `json:"ssl" doc:"it speaks TLS"`
	Certificate string   `json:"certificate" doc:"path of its certificate"`
	Conf        string   `json:"conf" doc:"where it is written: file:line"`
}

func nginxConfigType() Type {
	return Type{
		Name:    "nginx_config",
		Summary: "how nginx is set up, with its servers",
		Systems: []string{"linux"},
		Shape:   nginxConfig{},
		Read:    func(ctx context.Context, h *Host) (any, error) { return h.nginx(ctx) },
	}
}

func (h *Host) nginx(ctx context.Context) (nginxConfig, error) {
	n := nginxConfig{ConfigureArguments: []string{}, Includes: []string{}, Vhosts: []nginxVhost{}, ConfPath: "/etc/nginx/nginx.conf"}
	if n.Bin = h.binary("nginx"); n.Bin == "" {
		return nginxConfig{ConfigureArguments: n.ConfigureArguments, Includes: n.Includes, Vhosts: n.Vhosts}, nil
	}
	n.Installed = true
	// nginx says what it is on standard error, which is kept only where a program fails.
	out, err := h.output(ctx, "sh", "-c", "exec nginx -V 2>&1")
	parseNginxVersion(out, &n)
	r := h.nginxReader(ctx, n)
	r.faults.add(err)
	r.file(n.ConfPath)
	r.setup.Processes = len(h.daemons("nginx"))
	r.faults.add(ctx.Err())
	return r.setup, r.faults.err()
}

// nginxReader goes on from what is known of a configuration.
func (h *Host) nginxReader(ctx context.Context, known nginxConfig) *nginxReader {
	return &nginxReader{configFiles: h.configFiles(ctx), setup: known, folder: path.Dir(known.ConfPath)}
}

// parseNginxVersion reads what nginx -V says.
func parseNginxVersion(b []byte, n *nginxConfig) {
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
		for _, a := range configureWords(arguments) {
			n.ConfigureArguments = append(n.ConfigureArguments, plainText(a))
			if prefix, ok := strings.CutPrefix(a, "--prefix="); ok {
				n.Prefix = prefix
			}
			if conf, ok := strings.CutPrefix(a, "--conf-path="); ok && path.IsAbs(conf) {
				n.ConfPath = conf
			}
		}
	}
}

// configureWords parts at spaces outside of quotes.
func configureWords(s string) []string {
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
