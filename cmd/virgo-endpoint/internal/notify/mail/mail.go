package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule/alarm"
)

// userAgent is the header that names what wrote the mail.
const userAgent = "virgo-endpoint"

// A Driver sends mail. Each message has a connection of its own.
type Driver struct {
	config notify.MailConfig
	domain string // of message ids
}

// New returns a driver.
func New(c notify.MailConfig) *Driver {
	domain := "virgo.invalid"
	if from, err := mail.ParseAddress(c.From); err == nil {
		if _, host, ok := strings.Cut(from.Address, "@"); ok {
			domain = host
		}
	}
	return &Driver{c, domain}
}

// Send is of [notify.Driver].
func (d *Driver) Send(ctx context.Context, m *notify.Message) error {
	message, err := d.message(m)
	if err != nil {
		return &notify.Permanent{Err: d.explain(err)}
	}
	client, err := gomail.NewClient(d.config.Host, d.options(ctx)...)
	if err != nil {
		return d.explain(err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	if message.IsDelivered() { // whatever went wrong when the connection was closed
		return nil
	}
	if ctx.Err() != nil {
		err = context.DeadlineExceeded
	}
	return d.explain(err)
}

func (d *Driver) options(ctx context.Context) []gomail.Option {
	opts := []gomail.Option{
		gomail.WithPort(d.config.Port),
		gomail.WithTLSConfig(&tls.Config{ServerName: d.config.Host, RootCAs: d.config.Roots, MinVersion: tls.VersionTLS12}),
	}
	if deadline, ok := ctx.Deadline(); ok {
		opts = append(opts, gomail.WithTimeout(max(time.Until(deadline), time.Second)))
	}
	switch d.config.TLS {
	case notify.ImplicitTLS:
		opts = append(opts, gomail.WithSSL())
	case notify.NoTLS:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	opts = append(opts, gomail.WithDialContextFunc(func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := d.dial(dialing, network, address)
		if err == nil { // the library heeds a context for dialing alone
			context.AfterFunc(ctx, func() { conn.Close() })
		}
		return conn, err
	}))
	if d.config.User != "" {
		ways := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
		if d.config.TLS == notify.NoTLS {
			ways = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc}
		}
		opts = append(opts, gomail.WithOpportunisticSMTPAuth(ways...), gomail.WithUsername(d.config.User), gomail.WithPassword(d.config.Password.Reveal()))
	}
	return opts
}

// dial connects, with TLS from the beginning if the server wants that.
func (d *Driver) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if d.config.TLS != notify.ImplicitTLS {
		return conn, nil
	}
	secure := tls.Client(conn, &tls.Config{ServerName: d.config.Host, RootCAs: d.config.Roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// message is the mail of a message. go-mail encodes what is in its headers.
func (d *Driver) message(m *notify.Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(d.config.From); err != nil {
		return nil, err
	}
	if err := msg.To(d.config.To...); err != nil {
		return nil, err
	}
	msg.Subject(m.Title)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@" + d.domain)
	var threads []string
	for _, t := range m.Threads {
		threads = append(threads, "<alarm."+t+"@"+d.domain+">")
	}
	if len(threads) > 0 {
		msg.SetGenHeader(gomail.HeaderInReplyTo, threads[0])
		msg.SetGenHeaderPreformatted(gomail.HeaderReferences, strings.Join(threads[:min(len(threads), maxThreads)], "\r\n "))
	}
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderUserAgent, userAgent)
	msg.SetGenHeader("X-Virgo-State", m.State.String())
	if m.State == alarm.Critical {
		msg.SetImportance(gomail.ImportanceHigh)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

// maxThreads bounds the header References.
const maxThreads = 20

// explain returns an error without what the library adds, and without the password, which a server may quote.
func (d *Driver) explain(err error) error {
	if err == nil {
		return nil
	}
	server := net.JoinHostPort(d.config.Host, fmt.Sprint(d.config.Port))
	text := strings.NewReplacer("dial failed: ", "", "send failed: ", "", "SMTP AUTH failed", "login failed", "\n", "; ").Replace(err.Error())
	if i := strings.Index(text, ", affected message ID"); i >= 0 {
		text = text[:i]
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		text = "no answer in time"
	}
	if password := d.config.Password.Reveal(); password != "" {
		text = strings.NewReplacer(forms(d.config.User, password)...).Replace(text)
	}
	return fmt.Errorf("mail by %s: %s", server, text)
}

// forms are the ways in which a password is sent, each with what is printed instead.
func forms(user, password string) []string {
	var list []string
	for _, form := range []string{password, base64.StdEncoding.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))} {
		list = append(list, form, "[redacted]")
	}
	return list
}
