package hostinfo

import (
	"context"
	"os"
	"path"
	"strconv"
	"strings"
)

// apache2 is how the Apache web server is set up.
type apache2 struct {
	Installed  bool          `json:"installed" doc:"its program is there; the rest is empty where it is not"`
	Bin        string        `json:"bin" doc:"path of its program"`
	Version    string        `json:"version" doc:"as the program says it: Apache/2.4.62 (Debian)"`
	MPM        string        `json:"mpm" doc:"how it serves many at once: event, worker or prefork"`
	ConfigPath string        `json:"config_path" doc:"folder of the configuration (ServerRoot)"`
	ConfigFile string        `json:"config_file" doc:"its first file"`
	User       string        `json:"user" doc:"who it serves as"`
	Clients    int           `json:"clients" doc:"processes of it that run now"`
	MaxClients int           `json:"max_clients" doc:"requests that it serves at once (MaxRequestWorkers); 0 where that is not set"`
	Listen     []string      `json:"listen" doc:"addresses and ports that it waits at"`
	Docroot    string        `json:"docroot" doc:"document root outside of the virtual hosts"`
	Modules    []string      `json:"modules" doc:"modules that are loaded: ssl_module"`
	Vhosts     []apacheVhost `json:"vhosts" doc:"virtual hosts, as they are read"`
}

// An apacheVhost is a virtual host. Configuration is read, not run: what the server itself would work out,
// such as macros, is left out.
type apacheVhost struct {
	Vhost       string   `json:"vhost" doc:"its name (ServerName)"`
	Address     string   `json:"address" doc:"addresses and ports: *:80"`
	Port        string   `json:"port" doc:"port of the first address"`
	Aliases     []string `json:"aliases" doc:"other names (ServerAlias)"`
	Docroot     string   `json:"docroot" doc:"document root"`
	ErrorLog    string   `json:"errorlog" doc:"where errors are written"`
	AccessLogs  []string `json:"accesslogs" doc:"where requests are written"`
	SSL         bool     `json:"ssl" doc:"it speaks TLS"`
	Certificate string   `json:"certificate" doc:"path of its certificate"`
	Conf        string   `json:"conf" doc:"where it is written: file:line"`
}

func apache2Type() Type {
	return Type{
		Name:    "apache2",
		Summary: "how the Apache web server is set up, with its virtual hosts",
		Systems: []string{"linux"},
		Shape:   apache2{},
		Read:    func(ctx context.Context, h *Host) (any, error) { return h.apache2(ctx) },
	}
}

func (h *Host) apache2(ctx context.Context) (apache2, error) {
	a := apache2{Listen: []string{}, Modules: []string{}, Vhosts: []apacheVhost{}}
	if a.Bin = h.binary("apache2", "httpd"); a.Bin == "" {
		return a, nil
	}
	a.Installed = true
	name := path.Base(a.Bin)
	var f faults
	// The version is printed on Debian although it then fails for want of its variables.
	out, err := h.output(ctx, name, "-v")
	f.add(err)
	a.Version = parseApacheVersion(out)
	r, file := h.apacheConfig(ctx, name)
	a.ConfigPath, a.ConfigFile = r.root, file
	f.add(r.faults.err())
	a.User, a.Docroot, a.Vhosts = r.setup.user, r.setup.docroot, told(r.setup.vhosts)
	a.Listen, a.Modules = told(r.setup.listen), told(r.setup.modules)
	a.MaxClients, _ = strconv.Atoi(r.setup.maxClients)
	for _, module := range a.Modules {
		if mpm, ok := strings.CutPrefix(module, "mpm_"); ok {
			a.MPM = strings.TrimSuffix(mpm, "_module")
		}
	}
	a.Clients = len(h.daemons(name))
	f.add(ctx.Err())
	return a, f.err()
}

// apacheConfig reads the configuration of the program of that name, which gives the place as well.
func (h *Host) apacheConfig(ctx context.Context, name string) (r *apacheReader, file string) {
	root, file := "/etc/apache2", "/etc/apache2/apache2.conf"
	if name == "httpd" {
		root, file = "/etc/httpd", "/etc/httpd/conf/httpd.conf"
	}
	envvars, _ := h.read(root + "/envvars") // Debian's alone
	r = &apacheReader{
		configFiles: h.configFiles(ctx),
		root:        root,
		vars:        parseEnvvars(envvars),
		list: func(name string) ([]string, bool) {
			if info, err := os.Stat(h.path(name)); err != nil || !info.IsDir() {
				return nil, false
			}
			names, err := h.names(name)
			return names, err == nil
		},
	}
	r.file(file, apacheSection{})
	return r, file
}

// parseApacheVersion reads "Server version: Apache/2.4.62 (Debian)".
func parseApacheVersion(b []byte) string {
	for line := range strings.Lines(string(b)) {
		if version, ok := strings.CutPrefix(line, "Server version:"); ok {
			return strings.TrimSpace(version)
		}
	}
	return ""
}
