package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"virgo/transport"
	"virgo/transport/endpoint"
)

// shutdownTime bounds how long a server that is told to end goes on with what is under way.
const shutdownTime = 10 * time.Second

type serveCmd struct {
	Listen   string `default:"127.0.0.1:50041" env:"VIRGO_ENDPOINT_LISTEN" placeholder:"ADDRESS" help:"Address to listen on; port 0 takes a free one. Default: ${default}."`
	ClientCA string `name:"client-ca" type:"path" env:"VIRGO_ENDPOINT_CLIENT_CA" placeholder:"FILE" help:"Let in only agents that show a certificate of an authority in FILE (PEM)."`
	LogLevel string `default:"info" enum:"debug,info,warn,error" env:"VIRGO_ENDPOINT_LOG_LEVEL" help:"Least level that is logged: ${enum}. Default: ${default}."`
	LogJSON  bool   `name:"log-json" env:"VIRGO_ENDPOINT_LOG_JSON" help:"Log as JSON lines."`
}

func (serveCmd) Help() string {
	return "Prints one line with its address when it is ready. Logs go to standard error. " +
		"With --client-ca an agent needs a certificate and its token; the log names the certificate. " +
		"init --client-cert makes certificates by this folder's own authority, which is ca.pem in it. " +
		"SIGTERM and SIGINT: what is under way is finished, then it ends; a second signal ends it at once."
}

type serveDocument struct {
	document
	Address string `json:"address"`
	Pin     string `json:"pin"`
}

func (c *serveCmd) Run(a *app) error {
	folder, err := a.folder()
	if err != nil {
		return err
	}
	log, err := c.logger(a.err)
	if err != nil {
		return err
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	defer store.Close()
	cert, err := endpoint.LoadCertificate(folder, log, a.now)
	if err != nil {
		return a.explain(err)
	}
	schedules := endpoint.NewSchedules(folder.SchedulesDir(), log, a.now)
	schedules.For("") // says at once what is wrong with the default, and goes on: results are taken without
	shown := cert.TLSConfig()
	if c.ClientCA != "" {
		if err := endpoint.RequireClients(shown, c.ClientCA); err != nil {
			return &failure{exitUsage, err, "--client-ca takes a PEM file; the authority of virgo-endpoint init is " + shellWord(folder.CAFile())}
		}
	}
	server, err := endpoint.NewServer(endpoint.Options{Store: store, Schedules: schedules, TLS: shown, Log: log, Now: a.now})
	if err != nil {
		return a.explain(err)
	}
	listener, err := endpoint.Listen(a.ctx, c.Listen)
	if err != nil {
		c.end(server, log)
		return a.explain(fmt.Errorf("listening on %q: %w", c.Listen, err))
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if err := a.announce(listener.Addr(), cert); err != nil {
		c.end(server, log)
		return err
	}
	select {
	case <-a.ctx.Done():
		log.Info("ending: what is under way is finished first")
		c.end(server, log)
		err = <-served
	case err = <-served:
		c.end(server, log)
	}
	return err
}

func (a *app) announce(addr net.Addr, cert *endpoint.Certificate) error {
	if a.JSON {
		return a.printJSON(serveDocument{document{schemaVersion}, addr.String(), transport.PinOf(cert.Leaf()).String()})
	}
	return a.print([]byte("listening on " + addr.String() + "\n"))
}

// end is not an error where time ran out: what was acknowledged is stored, and what was not stays with
// its agents.
func (c *serveCmd) end(server *endpoint.Server, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		log.Warn("some connections were cut", "error", err)
	}
	log.Info("ended")
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
