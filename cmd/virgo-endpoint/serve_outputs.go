package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/feed"
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

// rereadOutputs is how often outputs.yaml, and the files that it refers to, are read again.
const rereadOutputs = 15 * time.Second

// outputs reads the folder's outputs.yaml. The list is nil where none of it can be used.
func (a *app) outputs(dir folder.Dir) ([]output.Config, []schedule.Problem) {
	files := notify.Reader{Getenv: os.Getenv}
	return output.Reader{Parse: full.Parse, Read: files.ReadTrusted, Secret: files.Secret}.Load(dir.OutputsFile())
}

// sinkOf returns what passes the results of an output on.
func (a *app) sinkOf(c output.Config) (output.Sink, error) {
	switch {
	case c.RemoteWrite != "":
		return remotewrite.New(c, a.now)
	case c.OTLP != "":
		return otlp.New(c)
	case c.Influx != "":
		return influx.New(c)
	case c.File != "":
		return jsonl.New(c.File), nil
	case len(c.Command) > 0:
		return jsonl.NewCommand(c.Command, os.Getenv), nil
	}
	return nil, errors.New("the output goes nowhere")
}

// A passing passes results on to the outputs of outputs.yaml, as it is at present.
type passing struct {
	*watcher
	app   *app
	hosts *hostNames
	// mu guards now, which the API reads.
	mu  sync.Mutex
	now []output.Config
	// said is what was logged of a file that cannot be used.
	said string
}

// passOn makes a watcher pass results on.
func (w *watcher) passOn(a *app, list []output.Config, problems []schedule.Problem) error {
	w.passing = &passing{watcher: w, app: a, hosts: &hostNames{src: w.store, now: a.now}}
	w.passing.say(problems)
	return w.passing.replace(a.ctx, list)
}

// replace ends the outputs that the list has no more, or otherwise, and begins those that are new.
func (p *passing) replace(ctx context.Context, list []output.Config) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var stay []output.Config
	for _, c := range p.now {
		if slices.ContainsFunc(list, c.Same) {
			stay = append(stay, c)
		} else {
			p.feed.Remove(output.FollowerName(c.Name))
		}
	}
	p.now = stay
	for _, c := range list {
		if slices.ContainsFunc(stay, c.Same) {
			continue
		}
		if err := p.add(ctx, c); err != nil {
			return err
		}
		p.now = append(p.now, c)
	}
	return nil
}

// add begins an output, where it stood.
func (p *passing) add(ctx context.Context, c output.Config) error {
	if err := p.remember(p.app); err != nil {
		return err
	}
	sink, err := p.app.sinkOf(c)
	if err != nil {
		return err
	}
	o, from, err := output.Open(ctx, output.Options{Config: c, Sink: sink, Cursors: p.control.Cursors(), Hosts: p.hosts.of,
		Newest: func(ctx context.Context) (int64, error) { return feed.Place(ctx, p.store) }, Now: p.app.now, Log: p.log})
	if err != nil {
		return p.app.explain(err)
	}
	p.feed.Add(o, from)
	return nil
}

// say logs what is wrong in outputs.yaml.
func (p *passing) say(problems []schedule.Problem) {
	for _, problem := range problems {
		p.log.Error("mistake in where results are passed on to", "error", positionOf(problem), "hint", hintOf(problem.Err))
	}
}

// reread takes another outputs.yaml when it has changed, or a secret that it refers to. One that cannot be used at all is logged
// once, and the outputs stay as they are.
func (p *passing) reread(ctx context.Context) {
	ticker := time.NewTicker(rereadOutputs)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.take(ctx)
		}
	}
}

// take reads outputs.yaml again.
func (p *passing) take(ctx context.Context) {
	list, problems := p.app.outputs(p.dir)
	said := ""
	for _, problem := range problems {
		said += positionOf(problem) + "\n"
	}
	news := said != p.said
	p.said = said
	if list == nil {
		if news {
			p.log.Error("outputs.yaml cannot be used; the outputs stay as they are", "error", positionOf(problems[0]), "hint", hintOf(problems[0].Err))
		}
		return
	}
	if news {
		p.say(problems)
	}
	same := func(c output.Config) bool { return slices.ContainsFunc(p.now, c.Same) }
	if len(list) == len(p.now) && !slices.ContainsFunc(list, func(c output.Config) bool { return !same(c) }) {
		return
	}
	p.log.Info("outputs.yaml was read again", "outputs", len(list))
	if err := p.replace(ctx, list); err != nil && ctx.Err() == nil {
		p.log.Error("an output could not begin; it is tried again", "error", err, "hint", hintOf(err))
	}
	if len(p.now) > 0 {
		p.follow()
	}
}

// outputs are those that are there and those that were, for the API: by name, without where they go to. It is asked only where the
// watcher has a control.db from the beginning.
func (p *passing) outputs(ctx context.Context) ([]api.Output, error) {
	cursors, err := p.control.Cursors().AllCursors(ctx)
	if err != nil {
		return nil, err
	}
	newest, err := feed.Place(ctx, p.store)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]api.Output, 0, len(cursors))
	for _, c := range cursors {
		one := api.Output{Cursor: c, Behind: max(0, newest-max(0, c.Seq))}
		if i := slices.IndexFunc(p.now, func(o output.Config) bool { return o.Name == c.Name }); i >= 0 {
			one.Kind = p.now[i].Kind()
		}
		list = append(list, one)
	}
	return list, nil
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
