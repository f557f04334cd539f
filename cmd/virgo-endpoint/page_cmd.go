package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
)

type pageCmd struct {
	List    pageListCmd    `cmd:"" default:"1" help:"List the tags whose state everybody may see. Without a command this is it."`
	Public  pagePublicCmd  `cmd:"" help:"Let everybody see the state of the hosts with a tag."`
	Private pagePrivateCmd `cmd:"" help:"End that."`
}

func (pageCmd) Help() string {
	return "A public page has the name of each host, its state and since when, and nothing else; it needs no login, and it is off until a tag " +
		"is made public. /badge/TAG.svg is a picture of the worst state, for other pages. A running server takes a change within seconds."
}

type (
	pageListCmd   struct{}
	pagePublicCmd struct {
		Tag string `arg:"" help:"A tag of hosts."`
	}
	pagePrivateCmd struct {
		Tag string `arg:"" help:"A tag that is public."`
	}
)

type pageDocument struct {
	document
	PublicTags []string `json:"public_tags"`
}

func (pageListCmd) Run(a *app) error {
	return a.administer(nil, func(ad *admin.Admin, _ watch.Actor) error {
		p, err := ad.Page(a.ctx)
		if err != nil {
			return a.explain(err)
		}
		return a.printPage(p)
	})
}

func (c *pagePublicCmd) Run(a *app) error {
	return a.changePage(func(tags []string) ([]string, error) { return append(slices.Clone(tags), c.Tag), nil })
}

func (c *pagePrivateCmd) Run(a *app) error {
	return a.changePage(func(tags []string) ([]string, error) {
		at := slices.Index(tags, c.Tag)
		if at < 0 {
			return nil, &failure{exitUsage, fmt.Errorf("the tag %q is not public", c.Tag), ""}
		}
		return slices.Delete(slices.Clone(tags), at, at+1), nil
	})
}

// changePage changes which tags are public.
func (a *app) changePage(change func(tags []string) ([]string, error)) error {
	return a.administer(nil, func(ad *admin.Admin, by watch.Actor) error {
		p, err := ad.Page(a.ctx)
		if err != nil {
			return a.explain(err)
		}
		etag := p.PageETag()
		if p.PublicTags, err = change(p.PublicTags); err != nil {
			return err
		}
		if p, err = ad.PutPage(a.ctx, by, p, admin.Match{ETag: etag}); err != nil {
			return a.refused(err)
		}
		return a.printPage(p)
	})
}

func (a *app) printPage(p admin.Page) error {
	if a.JSON {
		return a.printJSON(pageDocument{document{schemaVersion}, orEmpty(p.PublicTags)})
	}
	if len(p.PublicTags) == 0 {
		return a.print([]byte("no tag is public\n"))
	}
	var text strings.Builder
	for _, tag := range p.PublicTags {
		// The address is that of the page, which only serve knows.
		fmt.Fprintf(&text, "%s is public: /status/%s and /badge/%s.svg of the page\n", shorttext.Sanitize(tag), escapeTag(tag), escapeTag(tag))
	}
	return a.print([]byte(text.String()))
}

// escapeTag is a tag in a path; a slash stays one.
func escapeTag(tag string) string { return (&url.URL{Path: tag}).EscapedPath() }
