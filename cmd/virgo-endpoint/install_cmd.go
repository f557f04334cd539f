package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"virgo/cmd/virgo-endpoint/internal/daemon"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/schedule/shorttext"
)

// installTime bounds what the service manager does, the start of the service included.
const installTime = 2 * time.Minute

type installCmd struct {
	Listen string   `default:":50041" placeholder:"ADDRESS" help:"Address that the service listens on. Default: ${default}, every address of this host."`
	User   string   `default:"virgo-endpoint" placeholder:"NAME" help:"User of the service, made where it does not exist. Default: ${default}."`
	Print  bool     `help:"Print the service's file without installing it."`
	Serve  []string `arg:"" optional:"" name:"flag" passthrough:"" help:"Further flags of serve, after --."`
}

func (installCmd) Help() string {
	return "Starts serve now and after each boot: as a systemd service, by rc.d on FreeBSD, by launchd on macOS. " +
		"The service runs as a user of its own, to whom the folder is given; with systemd it can reach nothing else of this host. " +
		"Set the folder up before, in a place such as /var/lib/virgo-endpoint: virgo-endpoint init. Installing again updates the service, " +
		"and restarts it if it changed. Call other commands as the service's user: runuser -u virgo-endpoint -- virgo-endpoint …"
}

type uninstallCmd struct{}

func (uninstallCmd) Help() string {
	return "Stops the service and removes its file. The folder, with everything that is stored, and the user stay."
}

type installDocument struct {
	document
	Manager string `json:"manager"`
	Changed bool   `json:"changed"`
	User    string `json:"user,omitempty"`
	// Entry is the text of the service's file.
	Entry string `json:"entry,omitempty"`
}

func (c *installCmd) Run(a *app) error {
	manager, ok := daemon.Native()
	if !ok {
		return &failure{exitUsage, errors.New("this system has no services that can be installed"),
			"start virgo-endpoint serve by what starts programs here"}
	}
	service, err := c.service(a)
	if err != nil {
		return err
	}
	doc := installDocument{document: document{schemaVersion}, Manager: manager.Name(), User: c.User, Entry: manager.Print(service)}
	if c.Print {
		if a.JSON {
			return a.printJSON(doc)
		}
		return a.print([]byte(doc.Entry))
	}
	if err := c.prepare(a, service); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, installTime)
	defer cancel()
	uid, gid, _, err := daemon.AddUser(ctx, c.User)
	if err == nil {
		err = folder.Give(folder.Dir(service.Dir), uid, gid)
	}
	if err != nil {
		return a.explain(err)
	}
	if doc.Changed, err = manager.Install(ctx, service); err != nil {
		return a.explain(err)
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	what := "starts"
	if !doc.Changed {
		what = "nothing to do, starts already"
	}
	return a.print(fmt.Appendf(nil, "%s: %s %s %s as user %s\n  its log: %s\n  other commands: runuser -u %s -- %s agents --dir %s\n",
		manager.Name(), what, shorttext.QuoteShell(service.Program), strings.Join(service.Args, " "), c.User,
		manager.Logs(), c.User, shorttext.QuoteShell(service.Program), shorttext.QuoteShell(service.Dir)))
}

// service is what the service's file says.
func (c *installCmd) service(a *app) (s daemon.Service, err error) {
	dir, err := a.folder()
	if err != nil {
		return s, err
	}
	if s.Dir, err = filepath.Abs(string(dir)); err != nil {
		return s, err
	}
	if s.Program, err = os.Executable(); err != nil {
		return s, fmt.Errorf("finding the path of this program: %w", err)
	}
	flags := c.Serve
	if len(flags) > 0 && flags[0] == "--" {
		flags = flags[1:]
	}
	s.Args = append([]string{"serve", "--dir=" + s.Dir, "--listen=" + c.Listen}, flags...)
	s.User = c.User
	serve, err := c.checkServe(s.Args)
	if err != nil {
		return s, err
	}
	s.LowPort = slices.ContainsFunc([]string{serve.Listen, serve.API, serve.Web, serve.WebACMEHTTP}, isLowPort)
	if err := s.Validate(); err != nil {
		return s, &failure{exitUsage, err, ""}
	}
	return s, nil
}

// checkServe reads the command line of serve. It returns an error for one that would not be accepted when the service
// starts, in another folder.
func (c *installCmd) checkServe(args []string) (*serveCmd, error) {
	var parsed cli
	parser, err := kong.New(&parsed, kong.Name("virgo-endpoint"), kong.Vars{"version": versionLine()},
		kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		return nil, fmt.Errorf("building the command line: %w", err)
	}
	if _, err := parser.Parse(args); err != nil {
		return nil, usageError(err)
	}
	if parsed.Serve.Listen != c.Listen {
		return nil, &failure{exitUsage, errors.New("two addresses are given"), "give --listen once, before --"}
	}
	given := strings.Join(args, "\n")
	for _, path := range []string{parsed.Serve.ClientCA, parsed.Serve.ClientIDs, parsed.Serve.WebCert, parsed.Serve.WebKey} {
		if path != "" && !strings.Contains(given, path) {
			return nil, &failure{exitUsage, errors.New("the service starts in another folder: a path has to be absolute"), path}
		}
	}
	return &parsed.Serve, nil
}

// isLowPort reports whether an address has a port below 1024.
func isLowPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	n, notNumber := strconv.Atoi(port)
	return err == nil && notNumber == nil && n > 0 && n < 1024
}

// prepare returns an error if the service could not run, or would run what somebody else put there: the folder is not set
// up, others can replace the program, or one of both lies where the service cannot read it.
func (c *installCmd) prepare(a *app, s daemon.Service) error {
	if os.Geteuid() != 0 {
		return &failure{exitUsage, errors.New("only root can install a service"), "sudo virgo-endpoint install …; --print shows what it would write"}
	}
	dir := folder.Dir(s.Dir)
	if _, err := folder.ServerCertificate(dir); err != nil {
		return a.explain(err)
	}
	if _, err := os.Stat(dir.StoreFile()); err != nil {
		return a.explain(err)
	}
	if err := folder.CheckProgram(s.Program); err != nil {
		return a.explain(err)
	}
	for _, path := range []string{s.Program, s.Dir} {
		for _, hidden := range []string{os.TempDir(), "/tmp", "/var/tmp", "/home", "/root", "/run/user"} {
			if strings.HasPrefix(path, filepath.Clean(hidden)+string(filepath.Separator)) {
				return &failure{exitUsage, fmt.Errorf("%q is in %q, which the service cannot see", path, hidden),
					"move the program to /usr/local/bin and the folder to /var/lib/virgo-endpoint"}
			}
		}
	}
	return nil
}

func (uninstallCmd) Run(a *app) error {
	manager, ok := daemon.Native()
	if !ok {
		return &failure{exitUsage, errors.New("this system has no services that can be installed"), ""}
	}
	ctx, cancel := context.WithTimeout(a.ctx, installTime)
	defer cancel()
	changed, err := manager.Uninstall(ctx)
	switch {
	case err != nil:
		return a.explain(err)
	case a.JSON:
		return a.printJSON(installDocument{document: document{schemaVersion}, Manager: manager.Name(), Changed: changed})
	case changed:
		return a.print([]byte(manager.Name() + ": removed; the folder and its user stay\n"))
	}
	return a.print([]byte(manager.Name() + ": nothing to do, virgo-endpoint is not installed\n"))
}
