package notify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"virgo/schedule/yaml"
)

// A kindKey is a key of a notifier that says by which way it tells; extra are the keys beside it.
type kindKey struct {
	key   string
	extra []string
}

var kindKeys = []kindKey{{"mail", nil}, {"webhook", []string{"secret", "ca"}}, {"url", nil}, {"command", nil}}

func (p *parser) notifiers(f yaml.Field) []NotifierConfig {
	if f.Value.Kind == yaml.Null {
		return nil
	}
	if f.Value.Kind != yaml.Map || len(f.Value.Fields) > MaxNotifiers {
		p.mistake(f.Line, "notifiers: {ops: {mail: {…}}}", "notifiers is no mapping of at most %d names", MaxNotifiers)
		return nil
	}
	var list []NotifierConfig
	for _, n := range f.Value.Fields {
		if !validName.MatchString(n.Key) || len(n.Key) > maxNameBytes {
			p.mistake(n.Line, "", "a name of a notifier has letters, digits, - _ . alone, at most %d", maxNameBytes)
			continue
		}
		before := len(p.problems)
		one := p.notifier(n)
		if len(p.problems) > before {
			one = NotifierConfig{Name: n.Key, Timeout: DefaultTimeout, Fault: p.problems[before].Err}
		}
		list = append(list, one)
	}
	return list
}

func (p *parser) notifier(f yaml.Field) NotifierConfig {
	n := NotifierConfig{Name: f.Key, Timeout: DefaultTimeout}
	var kind *kindKey
	for i := range kindKeys {
		for _, one := range f.Value.Fields {
			if one.Key != kindKeys[i].key {
				continue
			}
			if kind != nil {
				p.mistake(one.Line, "", "a notifier has one of mail, webhook, url and command, not %s and %s", kind.key, one.Key)
				return n
			}
			kind = &kindKeys[i]
		}
	}
	if kind == nil {
		p.mistake(f.Line, "mail: {…}, webhook: URL, url: env:NAME or command: [PROGRAM]", "notifier %q says no way to tell", f.Key)
		return n
	}
	known := append([]string{kind.key, "timeout"}, kind.extra...)
	var hook WebhookConfig
	for _, one := range f.Value.Fields {
		switch one.Key {
		case "mail":
			n.Mail = p.mail(one)
		case "url":
			n.Chat = &ChatConfig{URL: p.secret(one)}
		case "command":
			n.Command = p.command(one)
		case "timeout":
			if d, ok := p.duration(one, minTimeout, maxTimeout); ok {
				n.Timeout = d
			}
		case "webhook":
			hook.URL = p.url(one)
			n.Webhook = &hook
		default:
			switch {
			case one.Key == "secret" && kind.key == "webhook":
				hook.Key = p.secret(one)
			case one.Key == "ca" && kind.key == "webhook":
				hook.Roots = p.roots(one)
			default:
				p.add(yaml.UnknownKey(p.file, one, known))
			}
		}
	}
	return n
}

var mailKeys = []string{"to", "from", "server", "tls", "user", "password", "ca", "allow_cleartext"}

func (p *parser) mail(f yaml.Field) *MailConfig {
	m := &MailConfig{TLS: StartTLS}
	cleartext, password := false, false
	for _, one := range f.Value.Fields {
		switch one.Key {
		case "to":
			m.To = p.texts(one)
			for _, a := range m.To {
				p.address(one, a)
			}
		case "from":
			if text, ok := p.text(one); ok {
				m.From = text
				p.address(one, text)
			}
		case "server":
			m.Host, m.Port = p.server(one)
		case "tls":
			m.TLS = one.Value.Text
			if m.TLS != StartTLS && m.TLS != ImplicitTLS && m.TLS != NoTLS {
				p.mistake(one.Line, "tls: starttls, implicit or none", "tls is none of its three words")
			}
		case "user":
			m.User, _ = p.text(one)
		case "password":
			m.Password, password = p.secret(one), true
		case "ca":
			m.Roots = p.roots(one)
		case "allow_cleartext":
			cleartext = p.truth(one)
		default:
			p.add(yaml.UnknownKey(p.file, one, mailKeys))
		}
	}
	switch {
	case len(m.To) == 0 || m.From == "" || m.Host == "":
		p.mistake(f.Line, "mail: {to: [ops@example.com], from: virgo@example.com, server: smtp.example.com:587}", "mail needs to, from and server")
	case (m.User != "") != password:
		p.mistake(f.Line, "give both, or neither", "mail has a user or a password alone")
	case m.TLS == NoTLS && !cleartext && !loopback(m.Host):
		p.mistake(f.Line, "tls: starttls; where nothing else is possible, allow_cleartext: true", "tls: none shows mail and password to whoever listens")
	}
	if m.Port == 0 {
		m.Port = map[string]int{StartTLS: 587, ImplicitTLS: 465, NoTLS: 25}[m.TLS]
	}
	return m
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (p *parser) address(f yaml.Field, text string) {
	if _, err := mail.ParseAddress(text); err != nil {
		p.mistake(f.Line, "name@example.com", "%s has an invalid address", f.Key)
	}
}

// server reads HOST or HOST:PORT.
func (p *parser) server(f yaml.Field) (host string, port int) {
	text, ok := p.text(f)
	if !ok {
		return "", 0
	}
	host, digits, err := net.SplitHostPort(text)
	if err != nil {
		host, digits = strings.Trim(text, "[]"), "0"
	}
	port, err = strconv.Atoi(digits)
	if err != nil || host == "" || port < 0 || port > 65535 || strings.ContainsAny(host, "/@ ") {
		p.mistake(f.Line, "server: smtp.example.com:587", "server is no HOST:PORT")
		return "", 0
	}
	return host, port
}

func (p *parser) command(f yaml.Field) *CommandConfig {
	c := &CommandConfig{Args: p.texts(f)}
	if len(c.Args) == 0 || !filepath.IsAbs(c.Args[0]) {
		p.mistake(f.Line, "command: [/etc/virgo/sms.sh, …]; there is no shell", "command does not begin with the full path of a program")
	}
	return c
}

// secret reads a reference, and what it refers to. A secret itself is a mistake: configurations are copied, shown and
// put into version control.
func (p *parser) secret(f yaml.Field) Secret {
	if f.Value.Kind != yaml.Text || !isReference(f.Value.Text) {
		p.mistake(f.Line, "file:/etc/virgo/NAME.secret, mode 600, or env:NAME", "%s is no reference to a secret", f.Key)
		return Secret{}
	}
	value, err := p.reader.secret(f.Value.Text)
	fmt.Fprintf(p.sum, "%q %v", value, err)
	switch {
	case err != nil:
		p.add(&yaml.Error{File: p.file, Line: f.Line, Text: f.Key + ": " + err.Error(), Help: hint(err), Err: err})
	case len(value) > maxSecretBytes:
		p.mistake(f.Line, "", "%s: the secret is larger than %d bytes", f.Key, maxSecretBytes)
	default:
		return NewSecret(value)
	}
	return Secret{}
}

// secret returns what file:PATH or env:NAME refers to.
func (r Reader) secret(ref string) (string, error) {
	kind, rest, _ := strings.Cut(ref, ":")
	var value string
	if kind == "env" {
		value = r.Getenv(rest)
	} else {
		if !filepath.IsAbs(rest) {
			return "", errors.New("file: needs the full path")
		}
		data, err := r.read(rest, maxSecretBytes)
		if err != nil {
			return "", err
		}
		if err := private(rest); err != nil {
			return "", err
		}
		value = string(data)
	}
	if value = strings.TrimSpace(value); value == "" {
		return "", errors.New(ref + " is empty")
	}
	return value, nil
}

func hint(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// url reads an http or https URL, plain or as a reference, since its path is often a secret.
func (p *parser) url(f yaml.Field) Secret {
	text := NewSecret(f.Value.Text)
	if isReference(f.Value.Text) {
		if text = p.secret(f); !text.IsSet() {
			return Secret{}
		}
	}
	u, err := url.Parse(text.Reveal())
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		p.mistake(f.Line, f.Key+": https://example.com/hook, file:PATH or env:NAME", "%s is no http or https URL", f.Key)
		return Secret{}
	}
	if _, has := u.User.Password(); has && !isReference(f.Value.Text) {
		p.mistake(f.Line, "put the whole URL into a file: file:PATH", "%s has a password in it", f.Key)
		return Secret{}
	}
	return text
}

// roots reads certificates that a server's certificate is verified with.
func (p *parser) roots(f yaml.Field) *x509.CertPool {
	path, ok := p.text(f)
	if !ok {
		return nil
	}
	data, err := p.reader.read(path, MaxBytes)
	fmt.Fprintf(p.sum, "%q %v", data, err)
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(data) {
		err = errors.New("the file has no certificate (PEM)")
	}
	if err != nil {
		p.add(&yaml.Error{File: p.file, Line: f.Line, Text: f.Key + ": " + err.Error(), Help: hint(err), Err: err})
		return nil
	}
	return pool
}
