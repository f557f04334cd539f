package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// stored returns the number of results that the endpoint has of an agent; 0 for an unknown agent.
func (b *bench) stored(agent string) (int, error) {
	out, err := b.output(b.endpoint, "agents", "--dir", b.path("store"), "--json")
	if err != nil {
		return 0, err
	}
	var list struct {
		Agents []struct {
			ID      string `json:"agent_id"`
			Results int    `json:"results"`
		} `json:"agents"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return 0, fmt.Errorf("reading virgo-endpoint agents: %w", err)
	}
	for _, a := range list.Agents {
		if a.ID == agent {
			return a.Results, nil
		}
	}
	return 0, nil
}

// expectStored returns an error unless the endpoint has exactly want results more than before: otherwise
// the measured runs did less than they should.
func (b *bench) expectStored(agent string, before, want int) error {
	after, err := b.stored(agent)
	if err == nil && after-before != want {
		err = fmt.Errorf("%d results of %s were stored, want %d", after-before, agent, want)
	}
	return err
}

// expectAvailable returns an error unless the added checks among the newest n results of an agent are
// available: a check that fails at once would look fast.
func (b *bench) expectAvailable(agent string, n int) error {
	out, err := b.output(b.endpoint, "results", "--dir", b.path("store"),
		"--agent", agent, "--limit", strconv.Itoa(n), "--json")
	if err != nil {
		return err
	}
	return unavailable(out)
}

// unavailable returns an error if a result of an added check is not available.
func unavailable(document []byte) error {
	var list struct {
		Results []struct {
			AgentID string `json:"agent_id"`
			CheckID string `json:"check_id"`
			State   string `json:"state"`
			Status  string `json:"status"`
		} `json:"results"`
	}
	if err := json.Unmarshal(document, &list); err != nil {
		return fmt.Errorf("reading virgo-endpoint results: %w", err)
	}
	for _, r := range list.Results {
		if strings.HasPrefix(r.CheckID, addedPrefix) && r.State != "available" {
			return fmt.Errorf("check %s of %s was %s: %q", r.CheckID, r.AgentID, r.State, r.Status)
		}
	}
	return nil
}
