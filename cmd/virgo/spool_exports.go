package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/airgap"
)

// An exportEntry is a bundle without a receipt for all of its results.
type exportEntry struct {
	Bundle     string `json:"bundle"`
	CreatedMS  int64  `json:"created_ms"`
	Results    int    `json:"results"`
	Cleared    int    `json:"cleared"`
	FirstOrder uint64 `json:"first_order"`
	LastOrder  uint64 `json:"last_order"`
}

func newExportEntries(list []airgap.Exported) []exportEntry {
	entries := make([]exportEntry, len(list))
	for i, e := range list {
		entries[i] = exportEntry{e.Bundle, e.Created.UnixMilli(), e.Results, e.Cleared, e.First, e.Last}
	}
	return entries
}

func exportsLine(list []airgap.Exported, now time.Time) string {
	last := list[len(list)-1]
	return fmt.Sprintf("%s, the last %s with %s; no receipt yet for %d of those",
		plural(len(list), "bundle"), ago(now, last.Created.UnixMilli()), plural(last.Results, "result"), last.Results-last.Cleared)
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
