package main

import (
	"errors"
	"fmt"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type agentsTagCmd struct {
	// Args is one list, since the parser of flags has to stop before the first -TAG.
	Args []string `arg:"" name:"id" passthrough:"" help:"The agent's id, then the tags to add (+web) and to remove (-db)."`
}

func (agentsTagCmd) Help() string {
	return "Tags are words of yours by which agents are listed: `agents --tag web`. A tag has letters, digits and -_.:/@+. " +
		"Flags stand before the agent's id, since what follows it are tags: agents tag --dir DIR web-1 +web -db."
}

type tagsDocument struct {
	document
	AgentID string   `json:"agent_id"`
	Tags    []string `json:"tags"`
}

// changes are the tags to add and to remove.
func (c *agentsTagCmd) changes() (add, remove []string, err error) {
	for _, text := range c.Args[1:] {
		tag, adds := strings.CutPrefix(text, "+")
		var removes bool
		if !adds {
			tag, removes = strings.CutPrefix(text, "-")
		}
		switch {
		case adds:
			add = append(add, tag)
		case removes && !strings.HasPrefix(tag, "-"):
			remove = append(remove, tag)
		case strings.HasPrefix(text, "--"):
			return nil, nil, &failure{exitUsage, fmt.Errorf("%q stands behind the agent's id, where tags are", text),
				"flags stand before it: agents tag --dir DIR web-1 +web -db"}
		default:
			return nil, nil, &failure{exitUsage, fmt.Errorf("%q neither adds a tag nor removes one", text), "+" + text + " adds it, -" + text + " removes it"}
		}
	}
	return add, remove, nil
}

func (c *agentsTagCmd) Run(a *app) error {
	id := c.Args[0]
	add, remove, err := c.changes()
	if err != nil {
		return err
	}
	return a.changeAgents(id, func(_ *store.Store, ad *admin.Admin, by watch.Actor) error {
		tags, err := ad.Tag(a.ctx, by, id, add, remove)
		switch {
		case errors.Is(err, intake.ErrBadTag), errors.Is(err, intake.ErrTooManyTags):
			return &failure{exitUsage, err, ""}
		case err != nil:
			return err
		}
		if a.JSON {
			return a.printJSON(tagsDocument{document{schemaVersion}, id, orEmpty(tags)})
		}
		return a.print(fmt.Appendf(nil, "%s: %s\n", shorttext.Sanitize(id), dash(shorttext.Sanitize(strings.Join(tags, " ")))))
	})
}
