package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type schedulePutCmd struct {
	Name    string `arg:"" help:"An agent's id, or default."`
	File    string `arg:"" help:"The schedule; - reads standard input."`
	IfMatch string `name:"if-match" placeholder:"ETAG" help:"Only if what is there has this ETag, as schedule put printed it."`
}

func (schedulePutCmd) Help() string {
	return "Stores a schedule in place of the one that is there, unless it has a mistake: then nothing changes, and the mistakes are " +
		"listed with file, line and column. Who stored what is in the audit log. A running server uses it with each agent's next request."
}

type scheduleDocument struct {
	document
	Name string `json:"name"`
	Done string `json:"done"`
	ETag string `json:"etag,omitempty"`
}

func (c *schedulePutCmd) Run(a *app) error {
	data, err := c.read(a)
	if err != nil {
		return err
	}
	return a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		etag, err := ad.PutSchedule(a.ctx, by, c.Name, data, matchOf(c.IfMatch))
		var invalid *admin.Invalid
		switch {
		case errors.As(err, &invalid) && folder.PlaceOf(invalid.Problems[0]).File != "":
			doc := mistakesDocument{document{schemaVersion}, 1, recordsOf(c.File, invalid.Problems)}
			if err := a.printMistakes(doc); err != nil {
				return err
			}
			return &failure{exitUsage, fmt.Errorf("mistakes: %d; nothing was stored", len(doc.Mistakes)), ""}
		case err != nil:
			return a.refused(err)
		}
		return a.scheduleDone(scheduleDocument{document{schemaVersion}, c.Name, "stored", etag})
	})
}

// read reads the file.
func (c *schedulePutCmd) read(a *app) ([]byte, error) {
	in := a.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, &failure{code: exitUsage, err: err}
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, folder.MaxScheduleBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", c.File, err)
	}
	return data, nil
}

// matchOf is what --if-match says.
func matchOf(etag string) admin.Match { return admin.Match{ETag: etag, Any: etag == ""} }

func (a *app) scheduleDone(doc scheduleDocument) error {
	if a.JSON {
		return a.printJSON(doc)
	}
	text := doc.Done + " " + shorttext.Sanitize(doc.Name)
	if doc.ETag != "" {
		text += ", ETag " + doc.ETag
	}
	return a.print([]byte(text + "\n"))
}

type scheduleDeleteCmd struct {
	Name    string `arg:"" help:"An agent's id."`
	IfMatch string `name:"if-match" placeholder:"ETAG" help:"Only if what is there has this ETag."`
}

func (scheduleDeleteCmd) Help() string {
	return "Deletes an agent's own schedule; from then on it has the default."
}

func (c *scheduleDeleteCmd) Run(a *app) error {
	return a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		err := ad.DeleteSchedule(a.ctx, by, c.Name, matchOf(c.IfMatch))
		if errors.Is(err, admin.ErrNotFound) {
			return &failure{exitUsage, fmt.Errorf("%q has no schedule of its own", c.Name), c.near(a)}
		}
		if err != nil {
			return a.refused(err)
		}
		return a.scheduleDone(scheduleDocument{document{schemaVersion}, c.Name, "deleted", ""})
	})
}

// near is the hint for a name that has no schedule.
func (c *scheduleDeleteCmd) near(a *app) string {
	dir, err := a.folder()
	if err != nil {
		return ""
	}
	names, err := dir.ScheduleFiles().Names()
	if err != nil {
		return ""
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "default" })
	if near := shorttext.Nearest(c.Name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}
