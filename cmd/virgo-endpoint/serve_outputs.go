package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/output/influx"
	"virgo/cmd/virgo-endpoint/internal/output/jsonl"
	"virgo/cmd/virgo-endpoint/internal/output/otlp"
	"virgo/cmd/virgo-endpoint/internal/output/remotewrite"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/schedule"
	"virgo/schedule/yaml/full"
)

// outputs reads the folder's outputs.yaml.
func (a *app) outputs(dir folder.Dir) ([]output.Config, []schedule.Problem) {
	files := notify.Reader{Getenv: os.Getenv}
	return output.Reader{Parse: full.Parse, Read: files.ReadTrusted, Secret: files.Secret}.Load(dir.OutputsFile())
}

// sinkOf returns what passes the results of an output on.
func sinkOf(c output.Config) (output.Sink, error) {
	switch {
	case c.RemoteWrite != "":
		return remotewrite.New(c)
	case c.OTLP != "":
		return otlp.New(c)
	case c.Influx != "":
		return influx.New(c)
	case c.File != "":
		return jsonl.New(c.File), nil
	}
	return nil, errors.New("the output goes nowhere")
}

// passOn makes a watcher pass results on to the outputs of outputs.yaml.
func (w *watcher) passOn(a *app, list []output.Config) error {
	hosts := &hostNames{src: w.store, now: a.now}
	for _, c := range list {
		sink, err := sinkOf(c)
		if err != nil {
			return err
		}
		o, from, err := output.Open(a.ctx, output.Options{Config: c, Sink: sink, Cursors: w.control.Cursors(), Hosts: hosts.of,
			Newest: func(context.Context) (int64, error) { return w.at, nil }, Now: a.now, Log: w.log})
		if err != nil {
			return a.explain(err)
		}
		w.feed.Add(o, from)
		w.passes = true
	}
	return nil
}

// sayOutputs logs what is wrong in outputs.yaml.
func sayOutputs(problems []schedule.Problem, log *slog.Logger) {
	for _, p := range problems {
		log.Error("mistake in where results are passed on to", "error", positionOf(p), "hint", hintOf(p.Err))
	}
}

// hostNamesFor is how long names and tags of hosts are taken to be as they were.
const hostNamesFor = time.Minute

// hostNames are what series say of hosts.
type hostNames struct {
	src report.Source
	now func() time.Time

	mu    sync.Mutex
	known map[intake.AgentNumber]output.Host
	read  time.Time
}

func (h *hostNames) of(ctx context.Context, agent intake.AgentNumber) (output.Host, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, ok := h.known[agent]; ok && h.now().Sub(h.read) < hostNamesFor {
		return one, nil
	}
	list, err := h.src.Agents(ctx, "")
	if err != nil {
		return output.Host{}, err
	}
	h.known, h.read = make(map[intake.AgentNumber]output.Host, len(list)), h.now()
	for i := range list {
		h.known[list[i].Number] = output.Host{ID: list[i].ID, Name: list[i].Name, Tags: list[i].Who.Tags}
	}
	if one, ok := h.known[agent]; ok {
		return one, nil
	}
	h.known[agent] = output.Host{} // removed: its results have its id
	return output.Host{}, nil
}
