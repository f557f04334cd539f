package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

// firstTokenLabel is the label of the token that init makes, which enrols one host.
const firstTokenLabel = "first"

type initCmd struct {
	Host       []string `placeholder:"NAME" help:"Name or address that agents connect to; may be repeated. Default: localhost, 127.0.0.1, ::1 and this host's name."`
	ClientCert []string `name:"client-cert" placeholder:"NAME" help:"Create a client certificate with this name, for serve --client-ca; may be repeated."`
	Port       uint16   `default:"50041" help:"Port in the printed setup command."`
}

type initDocument struct {
	document
	Dir      string   `json:"dir"`
	Made     []string `json:"made"`
	Kept     []string `json:"kept"`
	Hosts    []string `json:"hosts"`
	Missing  []string `json:"missing_hosts"`
	NotAfter *int64   `json:"not_after_ms"`
	Endpoint string   `json:"endpoint"`
	Pin      string   `json:"pin"`
	CAFile   string   `json:"ca_file"`
	TokenID  string   `json:"token_id,omitempty"`
	// Token is set only where this call made it; Setup asks for it.
	Token string `json:"token,omitempty"`
	Setup string `json:"setup"`
	// Clients are those that --client-cert named.
	Clients []clientEntry `json:"client_certs"`
}

// A clientEntry is a client's certificate in a document.
type clientEntry struct {
	Name string `json:"name"`
	Cert string `json:"cert_file"`
	Key  string `json:"key_file"`
	Made bool   `json:"made"`
}

func (c *initCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	hosts := c.Host
	if len(hosts) == 0 {
		hosts = defaultHosts()
	}
	report, err := folder.Init(dir, hosts, a.now())
	if err != nil {
		return a.explain(err)
	}
	first, err := a.initStore(dir.StoreFile(), &report)
	if err != nil {
		return a.explain(fmt.Errorf("setting up %q: %w", string(dir), err))
	}
	clients, err := c.clients(a, dir)
	if err != nil {
		return a.explain(err)
	}
	doc := initDocument{
		document: document{schemaVersion},
		Dir:      a.Dir,
		Made:     orEmpty(report.Made),
		Kept:     orEmpty(report.Kept),
		Hosts:    orEmpty(report.Hosts),
		Missing:  orEmpty(report.Missing),
		NotAfter: ms(report.Server.NotAfter),
		Endpoint: net.JoinHostPort(c.reachable(report), strconv.Itoa(int(c.Port))),
		Pin:      transport.PinOf(report.Server).String(),
		CAFile:   dir.CAFile(),
		TokenID:  first.ID,
		Token:    first.Secret,
		Clients:  clients,
	}
	if stored, err := folder.Address(dir); err == nil && stored != "" && len(c.Host) == 0 && c.Port == defaultPort {
		doc.Endpoint = stored // what an earlier init was told
	}
	doc.Setup = setupCommand(doc.Endpoint, doc.Pin)
	if err := folder.SaveAddress(dir, doc.Endpoint); err != nil {
		return a.explain(fmt.Errorf("setting up %q: %w", string(dir), err))
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(doc.text(c.Port))
}

// initStore makes the store where there is none, and the first token where there is none. The entry is
// empty where there was one.
func (a *app) initStore(path string, report *folder.InitReport) (first tokenEntry, err error) {
	created, err := store.Create(a.ctx, path)
	if err != nil {
		return tokenEntry{}, err
	}
	if name := filepath.Base(path); created {
		report.Made = append(report.Made, name)
	} else {
		report.Kept = append(report.Kept, name)
	}
	st, err := store.Open(a.ctx, path)
	if err != nil {
		return tokenEntry{}, err
	}
	defer st.Close()
	tokens, err := st.Tokens(a.ctx)
	if err != nil || len(tokens) > 0 {
		return tokenEntry{}, err
	}
	now := a.now()
	spec := intake.TokenSpec{Label: firstTokenLabel, Kinds: intake.Enrol, Uses: 1, Expires: now.Add(defaultExpiry)}
	secret, token, err := st.AddToken(a.ctx, spec, now)
	if err != nil {
		return tokenEntry{}, err
	}
	first = entryOf(&token, now)
	first.Secret = secret
	return first, nil
}

func (c *initCmd) clients(a *app, dir folder.Dir) ([]clientEntry, error) {
	list := []clientEntry{}
	for _, name := range c.ClientCert {
		files, err := folder.MakeClient(dir, name, a.now())
		if err != nil {
			return nil, err
		}
		list = append(list, clientEntry(files))
	}
	return list, nil
}

func (doc *initDocument) text(port uint16) []byte {
	var b bytes.Buffer
	dir := shorttext.QuoteShell(doc.Dir)
	if len(doc.Made) > 0 {
		fmt.Fprintf(&b, "made in %s: %s\n", dir, strings.Join(doc.Made, ", "))
	}
	if len(doc.Kept) > 0 {
		fmt.Fprintf(&b, "kept as it was: %s\n", strings.Join(doc.Kept, ", "))
	}
	fmt.Fprintf(&b, "the certificate is for %s\n", strings.Join(doc.Hosts, ", "))
	if len(doc.Missing) > 0 {
		flags := ""
		for _, h := range append(doc.Hosts, doc.Missing...) {
			flags += " --host " + shorttext.QuoteShell(h)
		}
		fmt.Fprintf(&b, "it is not for %s; agents that pin the key are not affected, for the others: "+
			"virgo-endpoint certificate renew --dir %s%s (key and pin stay the same)\n",
			strings.Join(doc.Missing, ", "), dir, flags)
	}
	if doc.Token == "" {
		fmt.Fprintf(&b, "\nOn each host:\n  %s\nIt asks for a token; virgo-endpoint token add --dir %s makes one\n", doc.Setup, dir)
	} else {
		fmt.Fprintf(&b, "\nOn the first host:\n  %s\nIt asks for the token, which is shown only once and enrols one host within 24 hours:\n  %s\n"+
			"For each further host: virgo-endpoint token add --dir %s\n", doc.Setup, doc.Token, dir)
	}
	serve := fmt.Sprintf("virgo-endpoint serve --dir %s --listen :%d", dir, port)
	if len(doc.Clients) > 0 {
		serve += " --client-ca " + shorttext.QuoteShell(doc.CAFile)
		b.WriteString("\nFor one host each:\n")
		for _, cl := range doc.Clients {
			fmt.Fprintf(&b, "  %s: %s and its key %s\n", cl.Name, shorttext.QuoteShell(cl.Cert),
				shorttext.QuoteShell(cl.Key))
		}
	}
	fmt.Fprintf(&b, "\nHere:\n  %s\n  (without --listen, serve is reached from this host only, at 127.0.0.1)\n"+
		"  or, as a service that is started after each boot: virgo-endpoint install --dir %s --listen :%d\n", serve, dir, port)
	return b.Bytes()
}

// reachable is the name by which other hosts most likely reach this endpoint.
func (c *initCmd) reachable(report folder.InitReport) string {
	for _, h := range c.Host {
		if !strings.HasPrefix(h, "*.") {
			return h
		}
	}
	if h, err := os.Hostname(); err == nil && slices.Contains(report.Hosts, h) {
		return h
	}
	for _, h := range report.Hosts {
		if !strings.HasPrefix(h, "*.") {
			return h
		}
	}
	return "localhost"
}

// defaultHosts are this host's own names. A host name that cannot stand in a certificate is left out:
// agents that pin the key are not affected.
func defaultHosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if h, err := os.Hostname(); err == nil && folder.CheckHost(h) == nil && !slices.Contains(hosts, h) {
		hosts = append(hosts, h)
	}
	return hosts
}

// orEmpty makes a nil list [] in JSON rather than null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
