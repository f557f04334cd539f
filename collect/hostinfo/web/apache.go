package web

import (
	"context"
	"os"
	"path"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// apache2 is how the Apache web server is set up.
type apache2 struct {
	Installed  bool          `json:"installed" doc:"its program is installed; the rest is empty if not"`
	Bin        string        `json:"bin" doc:"path of its program"`
	Version    string        `json:"version" doc:"as the program says it: Apache/2.4.62 (Debian)"`
	MPM        string        `json:"mpm" doc:"its multi-processing module: event, worker or prefork"`
	ConfigPath string        `json:"config_path" doc:"folder of the configuration (ServerRoot)"`
	ConfigFile string        `json:"config_file" doc:"its main configuration file"`
	User       string        `json:"user" doc:"user that it runs as"`
	Clients    int           `json:"clients" doc:"its processes that run now"`
	MaxClients int           `json:"max_clients" doc:"requests that it serves at once (MaxRequestWorkers); 0 if that is not set"`
	Listen     []string      `json:"listen" doc:"addresses and ports that it listens on"`
	Docroot    string        `json:"docroot" doc:"document root outside of the virtual hosts"`
	Modules    []string      `json:"modules" doc:"modules that are loaded: ssl_module"`
	Vhosts     []apacheVhost `json:"vhosts" doc:"virtual hosts, in the order of the configuration"`
}

// An apacheVhost is a virtual host. Configuration is read, not evaluated: macros are left out.
type apacheVhost struct {
	Vhost       string   `json:"vhost" doc:"its name (ServerName)"`
	Address     string   `json:"address" doc:"addresses and ports: *:80"`
	Port        string   `json:"port" doc:"port of the first address"`
	Aliases     []string `json:"aliases" doc:"other names (ServerAlias)"`
	Docroot     string   `json:"docroot" doc:"document root"`
	ErrorLog    string   `json:"errorlog" doc:"where errors are written"`
	AccessLogs  []string `json:"accesslogs" doc:"where requests are written"`
	SSL         bool     `json:"ssl" doc:"it serves TLS"`
	Certificate string   `json:"certificate" doc:"path of its certificate"`
	Conf        string   `json:"conf" doc:"where it is defined: file:line"`
}

func apache2Type() source.Type {
	return source.Type{
		Name:    "apache2",
		Summary: "configuration of the Apache web server, with its virtual hosts",
		Systems: []string{"linux"},
		Shape:   apache2{},
		Read:    func(ctx context.Context, h *source.Host) (any, error) { return readApache(ctx, h) },
	}
}

func readApache(ctx context.Context, h *source.Host) (apache2, error) {
	a := apache2{Listen: []string{}, Modules: []string{}, Vhosts: []apacheVhost{}}
	if a.Bin = h.Program("apache2", "httpd"); a.Bin == "" {
		return a, nil
	}
	a.Installed = true
	name := path.Base(a.Bin)
	var problems source.Problems
	// Debian's prints its version although it then fails without its variables.
	out, err := h.Run(ctx, name, "-v")
	problems.Add(err)
	a.Version = parseApacheVersion(out)
	r, file := readApacheConfig(ctx, h, name)
	a.ConfigPath, a.ConfigFile = r.root, file
	problems.Add(r.problems.Err())
	a.User, a.Docroot, a.Vhosts = r.setup.user, r.setup.docroot, source.NonNil(r.setup.vhosts)
	a.Listen, a.Modules = source.NonNil(r.setup.listen), source.NonNil(r.setup.modules)
	a.MaxClients, _ = strconv.Atoi(r.setup.maxClients)
	for _, module := range a.Modules {
		if mpm, ok := strings.CutPrefix(module, "mpm_"); ok {
			a.MPM = strings.TrimSuffix(mpm, "_module")
		}
	}
	a.Clients = len(h.Processes(name))
	problems.Add(ctx.Err())
	return a, problems.Err()
}

// readApacheConfig reads the configuration of the program of that name, which decides where it is.
func readApacheConfig(ctx context.Context, h *source.Host, name string) (r *apacheReader, file string) {
	root, file := "/etc/apache2", "/etc/apache2/apache2.conf"
	if name == "httpd" {
		root, file = "/etc/httpd", "/etc/httpd/conf/httpd.conf"
	}
	envvars, _ := h.Read(root + "/envvars") // only Debian has it
	r = &apacheReader{
		configFiles: newConfigFiles(ctx, h),
		root:        root,
		vars:        parseEnvvars(envvars),
		list: func(name string) ([]string, bool) {
			if info, err := os.Stat(h.Path(name)); err != nil || !info.IsDir() {
				return nil, false
			}
			names, err := h.Names(name)
			return names, err == nil
		},
	}
	r.file(file, apacheSection{})
	return r, file
}

// parseApacheVersion parses "Server version: Apache/2.4.62 (Debian)".
func parseApacheVersion(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if version, ok := strings.CutPrefix(line, "Server version:"); ok {
			return strings.TrimSpace(version)
		}
	}
	return ""
}
