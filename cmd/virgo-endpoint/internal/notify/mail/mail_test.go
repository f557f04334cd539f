package mail

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

const password = "pa55w0rd-of-mail"

func message() *notify.Message {
	return &notify.Message{ID: "0123abcd", Kind: watch.AlarmEvent, State: alarm.Critical, Threads: []string{"t1", "t2"}, At: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC),
		Title: "web1: CRITICAL Speicher für / über 90 %\r\nBcc: spy@example.com", Text: "first line\nzweite Zeile: größer\n.\nlast\n", HTML: "<p>größer</p>"}
}

func (s *server) config(t *testing.T) notify.MailConfig {
	t.Helper()
	c := notify.MailConfig{To: []string{"ops@example.com", "Nacht <night@example.com>"}, From: "virgo <virgo@example.com>", Host: "127.0.0.1",
		TLS: notify.StartTLS, User: "virgo", Password: notify.NewSecret(password)}
	pair, roots, _, _ := certificate(t)
	s.tls, c.Roots = &tls.Config{Certificates: []tls.Certificate{pair}}, roots
	s.start(t)
	c.Port = s.port()
	return c
}

func TestMail(t *testing.T) {
	for name, protection := range map[string]string{"STARTTLS": notify.StartTLS, "implicit": notify.ImplicitTLS, "none": notify.NoTLS} {
		t.Run(name, func(t *testing.T) {
			s := &server{implicit: protection == notify.ImplicitTLS, plain: protection == notify.NoTLS}
			c := s.config(t)
			c.TLS = protection
			if err := New(c).Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			checkMail(t, <-s.data)
			for _, want := range []string{"AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00virgo\x00"+password)), "RCPT TO:<ops@example.com>", "RCPT TO:<night@example.com>"} {
				if !slices.Contains(s.got(), want) {
					t.Errorf("%q is missing in %q", want, s.got())
				}
			}
		})
	}
}

// checkMail verifies a mail of message(), as it arrived.
func checkMail(t *testing.T, text string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "web1: CRITICAL Speicher für / über 90 %") || m.Header.Get("Bcc") != "" {
		t.Errorf("%q, %v; Bcc %q", subject, err, m.Header.Get("Bcc"))
	}
	for header, want := range map[string]string{"Message-Id": "<0123abcd@example.com>", "In-Reply-To": "<alarm.t1@example.com>",
		"References": "<alarm.t1@example.com> <alarm.t2@example.com>", "Auto-Submitted": "auto-generated", "X-Virgo-State": "CRITICAL", "User-Agent": userAgent,
		"Date": "Sun, 29 Nov 2026 12:00:00 +0000"} {
		if got := m.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{"first line\nzweite Zeile: größer\n.\nlast\n", "<p>größer</p>"} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if encoding := p.Header.Get("Content-Transfer-Encoding"); encoding != "quoted-printable" {
			t.Errorf("encoding %q", encoding)
		}
		got, err := io.ReadAll(quotedprintable.NewReader(p))
		if text := strings.ReplaceAll(string(got), "\r\n", "\n"); err != nil || strings.TrimSpace(text) != strings.TrimSpace(want) {
			t.Errorf("%q, want %q; %v", text, want, err)
		}
	}
}

// Whatever a server answers, its password is in no error.
func TestRefusedMail(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00virgo\x00" + password))
	for name, c := range map[string]struct {
		answers map[string]string
		want    string
	}{
		"password":  {map[string]string{"AUTH": "535 wrong: " + encoded + " is " + password}, `535 "wrong: [redacted] is [redacted]"`},
		"recipient": {map[string]string{"RCPT": "550 no such user"}, `550 "no such user", affected recipient(s): <ops@example.com>, <night@example.com>`},
		"greylist":  {map[string]string{"MAIL": "451 come back"}, `451 "come back"`},
		"no TLS":    {map[string]string{"EHLO": "250 test"}, "does not support STARTTLS"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{answers: c.answers}
			err := New(s.config(t)).Send(t.Context(), message())
			var permanent *notify.Permanent
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.As(err, &permanent) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if strings.Contains(fmt.Sprint(err), password) || strings.Contains(fmt.Sprint(err), encoded) {
				t.Errorf("a password in an error: %v", err)
			}
		})
	}
}

// A mail that was taken over is not sent again because the end of the connection failed.
func TestFailureBehindTheMailIsNone(t *testing.T) {
	s := &server{answers: map[string]string{"RSET": "421 closing", "QUIT": "500 what"}}
	if err := New(s.config(t)).Send(t.Context(), message()); err != nil {
		t.Error(err)
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	s := &server{}
	c := s.config(t)
	c.Roots = nil
	if err := New(c).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	if slices.ContainsFunc(s.got(), func(c string) bool { return strings.HasPrefix(c, "AUTH") }) {
		t.Error("the password was sent all the same")
	}
}

// A server that accepts connections and says nothing holds up nobody for longer than the message's time.
func TestServerThatHangs(t *testing.T) {
	for _, verb := range []string{"EHLO", "AUTH", "MAIL", "DATA"} {
		s := &server{answers: map[string]string{verb: ""}}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := New(s.config(t)).Send(ctx, message())
		cancel()
		if err == nil || !strings.HasSuffix(err.Error(), "no answer in time") {
			t.Errorf("%s: %v", verb, err)
		}
	}
}
