package main

import (
	"context"
	"os"
	"os/signal"

	"virgo/cmd/internal/agent"
	"virgo/collect"
	"virgo/collect/hostinfo"
	"virgo/collect/remote"
	"virgo/collect/service"
	"virgo/collect/worker"
	"virgo/transport"
)

// isWorker reports whether the arguments are those of a worker. It is not a command like others,
// because no person starts it.
func isWorker(args []string) bool { return len(args) == 1 && args[0] == worker.Argument }

// workerChild is the hidden command [worker.Argument]: it runs checks of services and other hosts and
// reads host information, as another process of virgo asks on standard input, until input ends. It
// keeps all processors (package footprint), because many checks run in it at the same time.
//
// It listens to interrupts only, for a person who started it by hand. Any other signal must end it
// visibly: the agent then runs its checks again, instead of believing that they timed out.
func workerChild(ctx context.Context, std agent.Stdio) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	host := &hostinfo.Host{}
	err := worker.Server{
		Version: agent.BuildID(),
		Open: func(s worker.Settings) (*collect.Registry, error) { // before the first request
			host.Arguments.Full = s.FullArguments
			return openWorkerChecks(s)
		},
		HostInfo: func(ctx context.Context, name string) (any, error) {
			return hostinfo.Get(ctx, host, name)
		},
	}.Serve(ctx, std.In, std.Out)
	if err != nil {
		agent.PrintError(std.Err, err)
		return agent.ExitUnexpected
	}
	return agent.ExitOK
}

// openWorkerChecks joins the families of checks that run in the worker.
func openWorkerChecks(s worker.Settings) (*collect.Registry, error) {
	types := service.Types()
	types = append(types, remote.Types(remote.Options{
		Proxy: transport.ProxyFor(transport.ProxySettings{URL: s.Proxy, NoProxy: s.NoProxy}),
	})...)
	return collect.NewRegistry(types...)
}
