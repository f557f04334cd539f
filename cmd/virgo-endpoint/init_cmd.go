package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"virgo/transport"
	"virgo/transport/endpoint"
)

type initCmd struct {
	Host       []string `placeholder:"NAME" help:"Name or address that agents will use; may be given several times. Default: localhost, 127.0.0.1, ::1 and this host's name."`
	ClientCert []string `name:"client-cert" placeholder:"NAME" help:"Make a certificate for an agent of that name, for serve --client-ca; may be given several times."`
	Port       uint16   `default:"50041" help:"Port that the printed setup line names."`
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
	// Token is there only when this call made it.
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
	folder, err := a.folder()
	if err != nil {
		return err
	}
	hosts := c.Host
	if len(hosts) == 0 {
		hosts = defaultHosts()
	}
	report, err := endpoint.Init(a.ctx, folder, hosts, a.now())
	if err != nil {
		return a.explain(err)
	}
	clients, err := c.clients(a, folder)
	if err != nil {
		return err
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
		CAFile:   folder.CAFile(),
		TokenID:  report.Token.ID,
		Token:    report.Secret,
		Clients:  clients,
	}
	token := doc.Token
	if token == "" {
		token = "TOKEN"
	}
	doc.Setup = fmt.Sprintf("virgo setup --endpoint %s --token %s --pin %s", doc.Endpoint, token, doc.Pin)
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print(doc.text(c.Port))
}

func (c *initCmd) clients(a *app, folder endpoint.Folder) ([]clientEntry, error) {
	list := []clientEntry{}
	for _, name := range c.ClientCert {
		files, err := endpoint.MakeClient(folder, name, a.now())
		if err != nil {
			return nil, a.explain(err)
		}
		list = append(list, clientEntry(files))
	}
	return list, nil
}

func (doc *initDocument) text(port uint16) []byte {
	var b bytes.Buffer
	dir := shellWord(doc.Dir)
	if len(doc.Made) > 0 {
		fmt.Fprintf(&b, "made in %s: %s\n", dir, strings.Join(doc.Made, ", "))
	}
	if len(doc.Kept) > 0 {
		fmt.Fprintf(&b, "kept as it was: %s\n", strings.Join(doc.Kept, ", "))
	}
	fmt.Fprintf(&b, "the certificate is for %s\n", strings.Join(doc.Hosts, ", "))
	if len(doc.Missing) > 0 {
		fmt.Fprintf(&b, "it is not for %s; agents that pin the key do not mind, and for the others remove %s and run init again: the key stays, and so the pin\n",
			strings.Join(doc.Missing, ", "), shellWord(doc.Dir+string(os.PathSeparator)+"server.pem"))
	}
	fmt.Fprintf(&b, "\nOn each host:\n  %s\n", doc.Setup)
	if doc.Token == "" {
		fmt.Fprintf(&b, "  (a token is shown only when it is made; virgo-endpoint token add --dir %s makes one)\n", dir)
	} else {
		fmt.Fprintf(&b, "  (the token is shown this once)\n")
	}
	serve := fmt.Sprintf("virgo-endpoint serve --dir %s --listen :%d", dir, port)
	if len(doc.Clients) > 0 {
		serve += " --client-ca " + shellWord(doc.CAFile)
		b.WriteString("\nFor one host each:\n")
		for _, cl := range doc.Clients {
			fmt.Fprintf(&b, "  %s: %s and its key %s\n", cl.Name, shellWord(cl.Cert), shellWord(cl.Key))
		}
	}
	fmt.Fprintf(&b, "\nHere:\n  %s\n", serve)
	return b.Bytes()
}

// reachable is the name that other hosts most likely reach this endpoint by.
func (c *initCmd) reachable(report endpoint.InitReport) string {
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

// defaultHosts are this host's own names. A host name that no certificate can hold is left out: agents
// pin the key and do not mind.
func defaultHosts() []string {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if h, err := os.Hostname(); err == nil && endpoint.CheckHost(h) == nil && !slices.Contains(hosts, h) {
		hosts = append(hosts, h)
	}
	return hosts
}

// orEmpty makes an absent list [] in JSON rather than null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
