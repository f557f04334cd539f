package remote

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

func TestCertificateFacts(t *testing.T) {
	day := 24 * time.Hour
	start := time.Now().Add(-100 * day).Truncate(time.Second)
	past := time.Now().Add(-10 * day).Truncate(time.Second)
	soon := time.Now().Add(10 * day).Truncate(time.Second)
	unknown := newAuthority("Unknown Test Authority")
	for name, c := range map[string]struct {
		wants
		fault string
	}{
		"in order":            {wants{}, ""},
		"expired":             {wants{start: start, end: past}, "certificate expired at " + past.UTC().Format(time.RFC3339)},
		"not yet":             {wants{start: soon}, "certificate is not valid before " + soon.UTC().Format(time.RFC3339)},
		"self-signed":         {wants{self: true}, "certificate is self-signed"},
		"wrong name":          {wants{names: []string{"www.example.com", "example.com"}}, "certificate is not for 127.0.0.1"},
		"unknown authority":   {wants{by: &unknown}, "certificate is signed by an unknown authority"},
		"all at once":         {wants{self: true, names: []string{"example.com"}, start: start, end: past}, "certificate expired at " + past.UTC().Format(time.RFC3339) + "; certificate is not for 127.0.0.1; certificate is self-signed"},
		"for another century": {wants{end: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cert := certificateFor(c.wants)
			s := secure(t, cert, func(http.ResponseWriter, *http.Request) {})
			want := map[string]string{
				"cert_error": c.fault, "cert_start": stamp(cert.Leaf.NotBefore), "cert_end": stamp(cert.Leaf.NotAfter),
				"cert_issuer": "CN=Trusted Test Authority,O=virgo", "cert_subject": "CN=localhost,O=virgo", "cert_subject_alternative_names": "localhost, 127.0.0.1, ::1",
			}
			switch {
			case c.by != nil:
				want["cert_issuer"] = "CN=Unknown Test Authority,O=virgo"
			case c.self:
				want["cert_issuer"] = "CN=" + cert.Leaf.Subject.CommonName + ",O=virgo"
			}
			if c.names != nil {
				want["cert_subject"], want["cert_subject_alternative_names"] = "CN="+c.names[0]+",O=virgo", strings.Join(c.names, ", ")
			}
			if cert.Leaf.NotAfter.Year() == 9999 { // past what the metrics' types hold
				want["cert_end"], want["cert_end_in"] = "4294967295", "2147483647"
			}
			place, _ := url.Parse(s.URL)
			for _, r := range []collect.Result{
				looks(t, "remote.http", schedule.Details{"url": s.URL}),
				looks(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": place.Port(), "ssl": "true"}),
			} {
				available(t, r)
				has(t, r, want)
			}
		})
	}
}

func TestCertificateEndIsCountedFromTheAgentsClock(t *testing.T) {
	cert := certificateFor(wants{})
	s := secure(t, cert, func(http.ResponseWriter, *http.Request) {})
	at := cert.Leaf.NotAfter.Add(90 * time.Second)
	report, err := typed(t, Options{}, "remote.http").Checker.Check(t.Context(), collect.Request{
		Check: schedule.Check{Details: schedule.Details{"url": s.URL}}, Now: func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	has(t, collect.Result{Metrics: report.Metrics}, map[string]string{"cert_end_in": "-90", "cert_error": "certificate expired at " + cert.Leaf.NotAfter.UTC().Format(time.RFC3339)})
}

func TestServerThatDoesNotSpeakTLS(t *testing.T) {
	s := page(t, func(http.ResponseWriter, *http.Request) {})
	place := strings.TrimPrefix(s.URL, "http://")
	fails(t, looks(t, "remote.http", schedule.Details{"url": "https://" + place}), "GET https://"+place+": the server does not speak TLS")
	port := place[strings.LastIndex(place, ":")+1:]
	fails(t, looks(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": port, "ssl": true}), "starting TLS with "+place+": the server does not speak TLS")
}

func TestServerThatWantsACertificate(t *testing.T) {
	s := secure(t, certificateFor(wants{}), func(http.ResponseWriter, *http.Request) {})
	s.TLS.ClientAuth = tls.RequireAnyClientCert
	r := looks(t, "remote.http", schedule.Details{"url": s.URL})
	// Which of its steps the refusal meets is a race: closed, reset or broken.
	if r.State != collect.Unavailable || !strings.HasPrefix(r.Status, "GET "+s.URL+": ") {
		t.Errorf("%s: %q", r.State, r.Status)
	}
}
