package main

import (
	"context"
	"log/slog"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// publishedBundles are what a server offers of the folder's bundles.
type publishedBundles struct {
	ctx      context.Context
	releases *releases.Store
	store    *store.Store
	log      *slog.Logger
}

func (a *app) publishedBundles(dir folder.Dir, st *store.Store, log *slog.Logger) publishedBundles {
	return publishedBundles{a.ctx, releases.Open(dir.UpgradesDir(), log, a.now), st, log}
}

// Offer is of server.Upgrades.
func (p publishedBundles) Offer(agentID string, b server.BundleName) (server.Offer, bool) {
	r := p.releases.For(agentID, b.Channel, b.Name, func() []string {
		tags, err := p.store.Tags(p.ctx, agentID)
		if err != nil {
			p.log.Error("the tags of an agent cannot be read, so it is offered no version that is for some tags", "agent", agentID, "error", err)
		}
		return tags
	})
	if r == nil {
		return server.Offer{}, false
	}
	return server.Offer{Version: r.Version, File: r.File, Bytes: r.Bytes, SHA256: r.SHA256}, true
}

// ProgramsVersion is of server.Upgrades.
func (p publishedBundles) ProgramsVersion(channel string) string {
	return p.releases.ProgramsVersion(channel)
}

// IsNews is of server.Upgrades.
func (publishedBundles) IsNews(o server.Offer, version, state string) bool {
	return releases.IsNews(o.Version, version, state)
}

// Open is of server.Upgrades.
func (p publishedBundles) Open(channel, file string) (server.Published, error) {
	content, sum, err := p.releases.File(channel, file)
	if err != nil {
		return server.Published{}, err
	}
	return server.Published{Content: content, SHA256: sum}, nil
}
