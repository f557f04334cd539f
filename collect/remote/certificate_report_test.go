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

func TestCertificateMetrics(t *testing.T) {
	day := 24 * time.Hour
	start := time.Now().Add(-100 * day).Truncate(time.Second)
	past := time.Now().Add(-10 * day).Truncate(time.Second)
	soon := time.Now().Add(10 * day).Truncate(time.Second)
	unknown := newAuthority("Unknown Test Authority")
	for name, c := range map[string]struct {
		certOptions
		fault string
	}{
		"valid":             {certOptions{}, ""},
		"expired":           {certOptions{start: start, end: past}, "certificate expired at " + past.UTC().Format(time.RFC3339)},
		"not yet valid":     {certOptions{start: soon}, "certificate is not valid before " + soon.UTC().Format(time.RFC3339)},
		"self-signed":       {certOptions{self: true}, "certificate is self-signed"},
		"wrong name":        {certOptions{names: []string{"www.example.com", "example.com"}}, "certificate is not for 127.0.0.1"},
		"unknown authority": {certOptions{by: &unknown}, "certificate is signed by an unknown authority"},
		"three faults":      {certOptions{self: true, names: []string{"example.com"}, start: start, end: past}, "certificate expired at " + past.UTC().Format(time.RFC3339) + "; certificate is not for 127.0.0.1; certificate is self-signed"},
		"valid until 9999":  {certOptions{end: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cert := newCertificate(c.certOptions)
			s := serveTLS(t, cert, func(http.ResponseWriter, *http.Request) {})
			want := map[string]string{
				"cert_error": c.fault, "cert_start": unixSeconds(cert.Leaf.NotBefore), "cert_end": unixSeconds(cert.Leaf.NotAfter),
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
			if cert.Leaf.NotAfter.Year() == 9999 { // beyond the metrics' types
				want["cert_end"], want["cert_end_in"] = "4294967295", "2147483647"
			}
			place, _ := url.Parse(s.URL)
			for _, r := range []collect.Result{
				runType(t, "remote.http", schedule.Details{"url": s.URL}),
				runType(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": place.Port(), "ssl": "true"}),
			} {
				wantAvailable(t, r)
				wantMetrics(t, r, want)
			}
		})
	}
}

func TestCertificateEndByAgentsClock(t *testing.T) {
	cert := newCertificate(certOptions{})
	s := serveTLS(t, cert, func(http.ResponseWriter, *http.Request) {})
	at := cert.Leaf.NotAfter.Add(90 * time.Second)
	report, err := typeNamed(t, Options{}, "remote.http").Checker.Check(t.Context(), collect.Request{
		Check: schedule.Check{Details: schedule.Details{"url": s.URL}}, Now: func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	wantMetrics(t, collect.Result{Metrics: report.Metrics}, map[string]string{"cert_end_in": "-90", "cert_error": "certificate expired at " + cert.Leaf.NotAfter.UTC().Format(time.RFC3339)})
}

func TestServerWithoutTLS(t *testing.T) {
	s := servePage(t, func(http.ResponseWriter, *http.Request) {})
	place := strings.TrimPrefix(s.URL, "http://")
	wantUnavailable(t, runType(t, "remote.http", schedule.Details{"url": "https://" + place}), "GET https://"+place+": the server does not speak TLS")
	port := place[strings.LastIndex(place, ":")+1:]
	wantUnavailable(t, runType(t, "remote.tcp", schedule.Details{"target": "127.0.0.1", "port": port, "ssl": true}), "starting TLS with "+place+": the server does not speak TLS")
}

func TestServerRequiresClientCertificate(t *testing.T) {
	s := serveTLS(t, newCertificate(certOptions{}), func(http.ResponseWriter, *http.Request) {})
	s.TLS.ClientAuth = tls.RequireAnyClientCert
	r := runType(t, "remote.http", schedule.Details{"url": s.URL})
	// The error depends on when the refusal arrives: closed, reset or broken pipe.
	if r.State != collect.Unavailable || !strings.HasPrefix(r.Status, "GET "+s.URL+": ") {
		t.Errorf("%s: %q", r.State, r.Status)
	}
}
