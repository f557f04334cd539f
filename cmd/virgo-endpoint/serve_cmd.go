package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

// shutdownTime bounds how long a server goes on with what is in progress when it is to end.
const shutdownTime = 10 * time.Second

// apiShutdownTime is the same for a request of the API.
const apiShutdownTime = 2 * time.Second

type serveCmd struct {
	Listen    string `default:"127.0.0.1:50041" env:"VIRGO_ENDPOINT_LISTEN" placeholder:"ADDRESS" help:"Address to listen on; port 0 selects a free port. Default: ${default}."`
	ClientCA  string `name:"client-ca" type:"path" env:"VIRGO_ENDPOINT_CLIENT_CA" placeholder:"FILE" help:"Accept only agents with a client certificate of a CA in FILE (PEM)."`
	ClientIDs string `name:"client-ids" type:"path" env:"VIRGO_ENDPOINT_CLIENT_IDS" placeholder:"FILE" help:"File that maps the names in client certificates to agents. Default: client-ids.yaml in the folder, if it exists."`
	API       string `name:"api" env:"VIRGO_ENDPOINT_API" placeholder:"ADDRESS" help:"Serve the HTTP API there too, for example 127.0.0.1:8081; any other address than loopback has TLS, with the endpoint's certificate. Off by default."`
	NoAlarms  bool   `name:"no-alarms" help:"Judge no results: no alarms, no notifications."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" env:"VIRGO_ENDPOINT_LOG_LEVEL" help:"Lowest level that is logged: ${enum}. Default: ${default}."`
	LogJSON   bool   `name:"log-json" env:"VIRGO_ENDPOINT_LOG_JSON" help:"Log as JSON lines."`

	webFlags
	limitFlags
	retentionFlags
}

// Validate is called by kong.
func (c *serveCmd) Validate() error {
	if err := c.webFlags.Validate(); err != nil {
		return err
	}
	if err := c.limitFlags.Validate(); err != nil {
		return err
	}
	return c.retentionFlags.Validate()
}

func (serveCmd) Help() string {
	return "Prints one line with its address when it is ready. Logs go to standard error. " +
		"With --client-ca an agent needs a certificate besides its key or token; the log contains the certificate's name. " +
		"The certificate is for the agent whose id is one of its names, unless --client-ids maps it: " +
		"each line is `NAME: AGENT`, `NAME: [AGENT, …]`, or `NAME: any` for a relay. " +
		"init --client-cert creates certificates, signed by the folder's own CA, ca.pem. " +
		"Strangers can open connections, but cannot keep agents away: the limits below bound what addresses, " +
		"tokens and agents may use. What is over a limit of a token or an agent is answered with a rate limit: " +
		"agents keep their results and come back. " +
		"The heap may take three quarters of the memory of this control group, or of the host (GOMEMLIMIT sets another bound), " +
		"and grows by 4 to 128 MiB before garbage is collected, more the more there is to do (GOGC sets a percentage instead). " +
		"Programs read over the API with a token of kind read (token add --kind read), and change what one of kind admin names; virgo-endpoint openapi describes it. " +
		"With --web people see hosts, plots and alarms in a browser, and log in with a password; while nobody has one, a line " +
		"has the link that sets the first. On SIGTERM or SIGINT it finishes what is in progress and exits; a second signal ends it at once."
}

type serveDocument struct {
	document
	Address string `json:"address"`
	Pin     string `json:"pin"`
	// API is the URL of the HTTP API; empty without one.
	API string `json:"api,omitempty"`
	// Web is the URL of the page; empty without one. First sets the first password there, where there is none.
	Web   string `json:"web,omitempty"`
	First string `json:"first_password,omitempty"`
}

func (c *serveCmd) Run(a *app) error {
	log, err := c.logger(a.err)
	if err != nil {
		return err
	}
	defer ownMemory(longRunning, log)()
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	opt, cert, err := c.options(a, log)
	if err != nil {
		return a.explain(err)
	}
	if err := c.retentionFlags.apply(a, st, log); err != nil {
		return err
	}
	stopMaintaining := maintain(a, st, log)
	defer stopMaintaining()
	watching, err := c.watch(a, st, &opt, cert, log)
	if err != nil {
		return err
	}
	defer watching.close()
	if watching.questions != nil { // a nil Asker would be no nil Questions
		opt.Questions = watching.questions
	}
	opt.Upgrades = a.publishedBundles(folder.Dir(a.Dir), st, log)
	counted := api.Count(watching.wake(st), time.Now)
	opt.Intake = counted
	verified := make(chan struct{})
	verifying, stopVerifying := context.WithCancel(a.ctx)
	go func() { // reads the whole store, so agents are served meanwhile
		defer close(verified)
		if err := st.Verify(verifying); errors.Is(err, intake.ErrDamaged) {
			log.Error("nothing is stored any more; agents keep their results", "error", err, "hint", damageHint(a.Dir, err))
		}
	}()
	defer func() {
		stopVerifying()
		<-verified
	}()
	listener, err := server.Listen(a.ctx, c.Listen)
	if err != nil {
		return a.explain(fmt.Errorf("listening on %q: %w", c.Listen, err))
	}
	if at, ok := listener.Addr().(*net.TCPAddr); ok && at.IP.IsLoopback() {
		log.Info("agents on other hosts cannot connect to this address", "address", at.String(), "hint", "serve --listen :"+strconv.Itoa(at.Port))
	}
	reading, err := c.listenAPI(a, cert)
	if err != nil {
		listener.Close()
		return err
	}
	page, err := c.listenWeb(a, watching, cert, log)
	if err != nil {
		listener.Close()
		reading.close()
		return err
	}
	watching.linkTo(page)
	watching.begin(reading != nil || page != nil)
	srv := server.New(opt)
	defer c.shutdown(srv, log)
	served := make(chan error, 4) // the listeners
	go func() { served <- srv.Serve(listener) }()
	over := a.apiOptions(st, watching, page.passwords(watching), figures(counted, srv), log)
	if reading != nil {
		defer reading.serve(over, served)()
	}
	if page != nil {
		stop, err := page.serve(over, watching, a.setup(watching.dir, cert, listener.Addr()), served)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := a.announce(listener.Addr(), cert, reading, page); err != nil {
		return err
	}
	notifyReady()
	select {
	case <-a.ctx.Done():
		log.Info("shutting down: what is in progress is finished first")
		return nil
	case err = <-served:
		return err
	}
}

// watch opens what a server remembers besides results, and makes it judge them unless that is off.
func (c *serveCmd) watch(a *app, st *store.Store, opt *server.Options, cert *folder.Certificate, log *slog.Logger) (*watcher, error) {
	outputs, problems := a.outputs(folder.Dir(a.Dir))
	w, err := a.watch(folder.Dir(a.Dir), st, !c.NoAlarms || c.Web != "" || c.API != "" || len(outputs) > 0, log)
	if err != nil {
		return nil, err
	}
	if err := w.passOn(a, outputs, problems); err != nil {
		w.close()
		return nil, err
	}
	if c.NoAlarms {
		return w, nil
	}
	w.tell(a)
	if err := w.judge(a, opt.Schedules.For, cert, w.telling.Route); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// options are all but the store.
func (c *serveCmd) options(a *app, log *slog.Logger) (server.Options, *folder.Certificate, error) {
	dir, err := a.folder()
	if err != nil {
		return server.Options{}, nil, err
	}
	cert, err := folder.LoadCertificate(dir, log, a.now)
	if err != nil {
		return server.Options{}, nil, err
	}
	cfg := cert.TLSConfig()
	if pair, err := cfg.GetCertificate(nil); err == nil {
		warnOfKey(pair, log)
	}
	if c.ClientCA != "" {
		if err := folder.RequireClients(cfg, c.ClientCA); err != nil {
			hint := "--client-ca takes a PEM file; the authority of virgo-endpoint init is " + shorttext.QuoteShell(dir.CAFile())
			return server.Options{}, nil, &failure{exitUsage, err, hint}
		}
	}
	ids, err := c.clientIDs(dir, log)
	if err != nil {
		return server.Options{}, nil, err
	}
	c.fit(log)
	schedules := folder.NewSchedules(dir.SchedulesDir(), log, a.now)
	schedules.For("") // logs at once what is wrong with the default; results are accepted without it
	return server.Options{Schedules: schedules, TLS: cfg, Clients: ids, SignReceipt: cert.SignReceipt, Log: log,
		Now: a.now, Limits: c.limits()}, cert, nil
}

// clientIDs is the mapping of clients' certificates to agents.
func (c *serveCmd) clientIDs(dir folder.Dir, log *slog.Logger) (*folder.ClientIDs, error) {
	if c.ClientIDs != "" {
		return folder.LoadClientIDs(c.ClientIDs, true, log)
	}
	return folder.LoadClientIDs(dir.ClientIDsFile(), false, log)
}

func (a *app) announce(addr net.Addr, cert *folder.Certificate, reading *apiListener, page *webListener) error {
	first, err := page.first(a.ctx)
	if err != nil {
		return a.explain(err)
	}
	if a.JSON {
		return a.printJSON(serveDocument{document{schemaVersion}, addr.String(),
			transport.PinOf(cert.Leaf()).String(), reading.url(), page.url(), first})
	}
	text := "listening on " + addr.String() + "\n"
	if reading != nil {
		text += "API on " + reading.url() + "\n"
	}
	if page != nil {
		text += "page on " + page.url() + "\n"
	}
	if first != "" {
		text += "open " + first + " to set the first password (once, for one hour)\n"
	}
	return a.print([]byte(text))
}

// shutdown reports no error where time ran out: what was acknowledged is stored, and what was not stays
// with its agents.
func (c *serveCmd) shutdown(srv *server.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		log.Warn("some connections were closed before their answers were sent", "error", err)
	}
	log.Info("shut down")
}

func (c *serveCmd) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return nil, &failure{code: exitUsage, err: err}
	}
	opt := &slog.HandlerOptions{Level: level}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(w, opt)), nil
	}
	return slog.New(slog.NewTextHandler(w, opt)), nil
}
