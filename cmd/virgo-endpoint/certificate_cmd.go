package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

type certificateCmd struct {
	Show  certificateShowCmd  `cmd:"" default:"withargs" help:"Show the certificates, and when they end."`
	Renew certificateRenewCmd `cmd:"" help:"Renew the server's certificate; the key and its pin stay."`
}

type certificateShowCmd struct{}

func (certificateShowCmd) Help() string {
	return "A server renews a certificate of its own authority in its last 30 days. What ends soon and is not renewed " +
		"is marked here, and logged by the server once a day."
}

type certificateRenewCmd struct {
	Host []string `placeholder:"NAME" help:"Name or address that agents connect to; may be repeated. Default: those of the old certificate."`
	CA   bool     `name:"ca" help:"Renew the authority's certificate too, ca.pem, with its key. Hosts that trust it need the new file."`
}

func (certificateRenewCmd) Help() string {
	return "A server that runs reads the new certificate within a minute. Agents that pin the key notice nothing. " +
		"A certificate of another authority is renewed there: replace server.pem, with the same key if agents pin it."
}

type certificatesDocument struct {
	document
	Pin          string             `json:"pin"`
	Certificates []certificateEntry `json:"certificates"`
}

// A certificateEntry is a certificate in a document.
type certificateEntry struct {
	Role     folder.Role `json:"role"`
	File     string      `json:"file"`
	Names    []string    `json:"names"`
	NotAfter int64       `json:"not_after_ms"`
	// Own is whether the folder's authority signed it.
	Own     bool    `json:"own"`
	Problem *string `json:"problem"`
}

func (c *certificateShowCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	list, err := folder.Certificates(dir)
	if err != nil {
		return a.explain(err)
	}
	server, err := folder.ServerCertificate(dir)
	if err != nil {
		return a.explain(err)
	}
	doc := certificatesDocument{document{schemaVersion}, transport.PinOf(server).String(), []certificateEntry{}}
	t := table{columns: []column{{head: "FILE"}, {head: "ENDS"}, {head: "IN"}, {head: "FOR"}}}
	var problems bytes.Buffer
	now := a.now()
	for _, s := range list {
		entry := certificateEntry{s.Role, s.File, orEmpty(s.Names), s.NotAfter.UnixMilli(), s.Own, nil}
		if what, next := s.Problem(now); what != "" {
			entry.Problem = &what
			fmt.Fprintf(&problems, "%s\n  %s\n", shorttext.Sanitize(what), shorttext.Sanitize(next))
		}
		doc.Certificates = append(doc.Certificates, entry)
		left := "ended"
		if d := s.NotAfter.Sub(now); d > 0 {
			left = span(d.Milliseconds())
		}
		t.row(s.File, s.NotAfter.UTC().Format(time.DateOnly), left, strings.Join(s.Names, ", "))
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	text := append(t.text(a.width(), 0, a.color()), "pin "+doc.Pin+"\n"...)
	return a.print(append(text, problems.Bytes()...))
}

// certificateWarnings say which certificates of the folder end soon, and what to do; none where nothing does.
func (a *app) certificateWarnings() []string {
	list := []string{}
	for _, p := range folder.CertificateProblems(folder.Dir(a.Dir), a.now()) {
		list = append(list, strings.TrimSuffix(p.What+"; "+p.Next, "; "))
	}
	return list
}

func (c *certificateRenewCmd) Run(a *app) error {
	dir, err := a.folder()
	if err != nil {
		return err
	}
	if c.CA {
		if _, err := folder.RenewCA(dir, a.now()); err != nil {
			return a.explainRenewal(err)
		}
	}
	cert, err := folder.RenewServer(dir, c.Host, a.now())
	if err != nil {
		return a.explainRenewal(err)
	}
	return a.renewed(dir, cert, c.CA)
}

type renewedDocument struct {
	document
	NotAfter int64  `json:"not_after_ms"`
	Pin      string `json:"pin"`
	CAFile   string `json:"ca_file,omitempty"`
}

// renewed prints the outcome of a renewal.
func (a *app) renewed(dir folder.Dir, cert *x509.Certificate, ca bool) error {
	doc := renewedDocument{document{schemaVersion}, cert.NotAfter.UnixMilli(), transport.PinOf(cert).String(), ""}
	text := fmt.Sprintf("renewed until %s; the key stays, and with it the pin %s\n", cert.NotAfter.UTC().Format(time.DateOnly), doc.Pin)
	if ca {
		doc.CAFile = dir.CAFile()
		text += "hosts that trust the authority instead of a pin need the new " + shorttext.QuoteShell(doc.CAFile) + "\n"
	}
	if a.JSON {
		return a.printJSON(doc)
	}
	return a.print([]byte(text))
}

// explainRenewal gives errors of a renewal their next step.
func (a *app) explainRenewal(err error) error {
	switch {
	case errors.Is(err, folder.ErrForeign):
		return &failure{exitUsage, err, "replace it by one of its authority for the same key, so that pins stay valid"}
	case errors.Is(err, folder.ErrNoCAKey):
		return &failure{exitUsage, err, "put ca-key.pem back into the folder; its mode has to be 0600"}
	}
	return a.explain(err)
}
