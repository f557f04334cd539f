package admin

import (
	"context"
	"slices"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// PublicTags is the name of the setting with the tags whose hosts have a page that everybody may read: words with
// blanks between them.
const PublicTags = "public_tags"

// A Page is what of the page can be set.
type Page struct {
	// PublicTags are sorted.
	PublicTags []string
}

// PageETag is that of the page's settings.
func (p *Page) PageETag() string { return TagsETag(p.PublicTags) }

// Page returns the settings of the page.
func (a *Admin) Page(ctx context.Context) (Page, error) {
	text, err := a.Settings.Setting(ctx, PublicTags)
	return Page{strings.Fields(text)}, err
}

// PutPage changes the settings of the page. Errors: *Changed, *Invalid.
func (a *Admin) PutPage(ctx context.Context, by watch.Actor, p Page, m Match) (Page, error) {
	unlock, err := a.begin(by, watch.PeopleScope)
	if err != nil {
		return p, err
	}
	defer unlock()
	was, err := a.Page(ctx)
	if err != nil {
		return p, err
	}
	if err := m.check(was.PageETag()); err != nil {
		return p, err
	}
	tags, err := intake.ChangeTags(nil, p.PublicTags, nil)
	if err != nil {
		return p, invalid("%w", err)
	}
	p.PublicTags = slices.Clone(tags)
	text := strings.Join(tags, " ")
	r := record{"change page", "public tags", []byte(strings.Join(was.PublicTags, " ")), []byte(text)}
	return p, a.do(ctx, by, r, func() error { return a.Settings.SetSetting(ctx, PublicTags, text) })
}

// Entries calls fn for entries of the audit log, newest first.
func (a *Admin) Entries(ctx context.Context, by watch.Actor, f watch.EntryFilter, fn func(watch.Entry) error) error {
	if !by.May(watch.AuditScope) {
		return &ScopeError{[]watch.Scope{watch.AuditScope}}
	}
	return a.Audit.Entries(ctx, f, fn)
}
