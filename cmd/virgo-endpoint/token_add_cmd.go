package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

const (
	// defaultExpiry is how long a token enrols, unless --expires says otherwise.
	defaultExpiry = 24 * time.Hour
	// readExpiry is that of a token that reads: a dashboard is to go on, but not for ever.
	readExpiry = "365d"
	// adminExpiry is that of a token of kind admin: whoever finds it can change things.
	adminExpiry = "90d"
	// maxExpiry bounds --expires: later than that, nobody remembers the token.
	maxExpiry = 10 * 366 * 24 * time.Hour
	// never is the --expires of a token that does not end.
	never = "never"
	// defaultPort is the port of an endpoint whose address nobody told.
	defaultPort = 50041
)

type tokenAddCmd struct {
	Label    string   `placeholder:"TEXT" help:"A label, for example the host's name."`
	Kind     []string `default:"enrol" enum:"enrol,legacy,relay,read,admin" placeholder:"KIND" help:"What it is for: ${enum}; may be repeated. Default: ${default}."`
	Uses     *int     `placeholder:"N" help:"Number of hosts that may enrol with it; 0 means any number. Default: 1, or as many as --id names."`
	Expires  string   `placeholder:"AGE" help:"When it ends: 90m, 24h, 30d, or never. Default: 24h; legacy tokens: never; tokens that read: 365d; of kind admin: 90d, at most 366d."`
	Scope    []string `placeholder:"SCOPE" help:"What a token of kind admin may do: read, schedules, alarms, silences, tags, agents, tokens, people, audit, notifiers, outputs; may be repeated."`
	Group    string   `placeholder:"NAME" help:"Group of the agents that enrol with it."`
	ID       []string `placeholder:"AGENT" help:"Only for the agent with this id; may be repeated. Legacy tokens need it."`
	Endpoint string   `placeholder:"HOST:PORT" help:"Address in the printed command. Default: what init was told."`
}

func (tokenAddCmd) Help() string {
	return "A token of kind enrol lets a host register its key; after that it is of no use to the host, which deletes it. " +
		"One of kind legacy is the password of agents without keys, which speak the existing protocol, for the ids that it names; " +
		"it is never for an agent that has a key. One of kind relay registers the key of a relay. " +
		"One of kind read is for programs that read over the HTTP API (serve --api), and for nothing else. " +
		"One of kind admin changes over the HTTP API what its scopes name, and reads with the scope read; it makes no token that may do more. " +
		"The token is not part of the printed command, so that it is in no process list and no shell history: virgo setup asks for it, " +
		"or reads it with --token-file."
}

// errExpires is returned when --expires is no duration.
var errExpires = errors.New("not a duration, nor never")

// spec returns what the flags say.
func (c *tokenAddCmd) spec(now time.Time) (intake.TokenSpec, error) {
	s := intake.TokenSpec{Label: c.Label, Group: c.Group, AgentIDs: c.ID, Scopes: c.Scope}
	for _, name := range c.Kind {
		kind, err := intake.ParseKind(name)
		if err != nil {
			return s, err
		}
		s.Kinds |= kind
	}
	switch {
	case c.Uses != nil:
		s.Uses = *c.Uses
	case s.Kinds != intake.Legacy && s.Kinds != intake.Read && s.Kinds != intake.Admin:
		s.Uses = max(1, len(c.ID))
	}
	expires := c.Expires
	if expires == "" && s.Kinds&intake.Legacy != 0 {
		expires = never
	}
	if expires == "" && s.Kinds == intake.Read {
		expires = readExpiry
	}
	if expires == "" && s.Kinds == intake.Admin {
		expires = adminExpiry
	}
	life, err := lifetime(expires)
	if err != nil {
		return s, err
	}
	if life > 0 {
		s.Expires = now.Add(life)
	}
	return s, nil
}

// lifetime reads --expires; 0 means never.
func lifetime(text string) (time.Duration, error) {
	switch text {
	case "":
		return defaultExpiry, nil
	case never:
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 12)
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 || d > maxExpiry {
		return 0, fmt.Errorf("--expires %q: %w", text, errExpires)
	}
	return d, nil
}

func (c *tokenAddCmd) Run(a *app) error {
	now := a.now()
	spec, err := c.spec(now)
	if err != nil {
		return &failure{exitUsage, err, "for example --expires 24h, --expires 30d or --expires never"}
	}
	if c.Endpoint != "" {
		if err := folder.CheckAddress(c.Endpoint); err != nil {
			return &failure{exitUsage, err, "for example --endpoint mon.example.com:50041"}
		}
	}
	st, err := a.store()
	if err != nil {
		return err
	}
	defer st.Close()
	setup, err := c.setup(a, spec.Kinds) // before the token is made: it could not be shown again
	if err != nil {
		return a.explain(err)
	}
	var secret string
	var t intake.Token
	err = a.administer(st, func(ad *admin.Admin, by watch.Actor) error {
		secret, t, err = ad.AddToken(a.ctx, by, spec)
		return err
	})
	if err != nil {
		return a.explain(err)
	}
	if a.JSON {
		doc := tokenDocument{document{schemaVersion}, entryOf(&t, now), setup}
		doc.Secret = secret
		return a.printJSON(doc)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "token %s %s\n", t.ID, purpose(&t))
	writeToken(&b, setup, secret)
	return a.print(b.Bytes())
}

// writeToken writes a token, and the command that asks for it if there is one.
func writeToken(b *bytes.Buffer, setup, secret string) {
	if setup != "" {
		fmt.Fprintf(b, "\nOn the host:\n  %s\nIt asks for the token, which is shown only once:\n  %s\n", setup, secret)
		return
	}
	fmt.Fprintf(b, "\nThe token is shown only once:\n  %s\n", secret)
}

// purpose describes a token in words.
func purpose(t *intake.Token) string {
	var parts []string
	if t.Kinds&(intake.Enrol|intake.Relay) != 0 {
		what := "hosts"
		if t.Kinds&intake.Enrol == 0 {
			what = "relays"
		}
		switch t.Uses {
		case 0:
			parts = append(parts, "enrols any number of "+what)
		case 1:
			parts = append(parts, "enrols one "+strings.TrimSuffix(what, "s"))
		default:
			parts = append(parts, fmt.Sprintf("enrols %d %s", t.Uses, what))
		}
	}
	if t.Kinds&intake.Legacy != 0 {
		parts = append(parts, "serves agents without keys")
	}
	if t.Kinds&intake.Read != 0 {
		parts = append(parts, "reads over the HTTP API")
	}
	if t.Kinds&intake.Admin != 0 {
		parts = append(parts, "may do over the HTTP API: "+strings.Join(t.Scopes, ", "))
	}
	text := strings.Join(parts, ", ")
	if len(t.AgentIDs) > 0 {
		text += ", only " + shorttext.Sanitize(agentsOf(t))
	}
	if t.Expires.IsZero() {
		return text + ", until it is removed"
	}
	return text + ", until " + moment(t.Expires)
}

// setup returns the command for a host that is to enrol; empty if the token enrols none.
func (c *tokenAddCmd) setup(a *app, kinds intake.Kinds) (string, error) {
	if kinds&intake.Enrol == 0 {
		return "", nil
	}
	dir, err := a.folder()
	if err != nil {
		return "", err
	}
	cert, err := folder.LoadCertificate(dir, slog.New(slog.DiscardHandler), a.now)
	if err != nil {
		return "", err
	}
	address := c.Endpoint
	if address == "" {
		if address, err = folder.Address(dir); err != nil {
			return "", err
		}
	}
	if address == "" {
		address = net.JoinHostPort(cert.Host(), strconv.Itoa(defaultPort))
	}
	return setupCommand(address, transport.PinOf(cert.Leaf()).String()), nil
}

// setupCommand is what a person runs on a host. It has no secret in it.
func setupCommand(address, pin string) string {
	return fmt.Sprintf("virgo setup --endpoint %s --pin %s", address, pin)
}
