package web

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/schedule/alarm"
)

func TestPublicPageSaysNoMore(t *testing.T) {
	hosts, now, tags := fleet(20), noon, []string{"fra", "a<b"}
	for i := range hosts.rows {
		r := &hosts.rows[i]
		r.ID = "secret-id"
		for j := range r.Alarms {
			r.Alarms[j].Text, r.Alarms[j].AckedBy = "secret text", "secret person"
		}
		r.Situation = "secret situation"
		for j := range r.Figures {
			r.Figures[j].Text, r.Figures[j].Note = "secret figure", "secret note"
		}
		r.Since = noon.Add(-time.Hour)
	}
	hosts.rows[19].Tags = []string{"a<b"}
	s := newSite(t, Options{Login: nobody(), Hosts: hosts, Now: func() time.Time { return now },
		PublicTags: func(context.Context) ([]string, error) { return tags, nil }})
	for path, code := range map[string]int{"/status/fra": 200, "/badge/fra.svg": 200, "/status/a%3Cb": 200, "/badge/a%3Cb.svg": 200,
		"/status/ams": 404, "/badge/ams.svg": 404, "/badge/fra": 404, "/status/none": 404} {
		res := get(t, s, path)
		text := body(t, res)
		if res.StatusCode != code {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, code)
		}
		if strings.Contains(text, "secret") || strings.Contains(text, "a<b") {
			t.Errorf("%s says: %s", path, text)
		}
		if strings.HasSuffix(path, ".svg") && code == 200 {
			if err := wellFormed(text); err != nil || res.Header.Get("Content-Type") != "image/svg+xml" {
				t.Errorf("%s is no picture: %v\n%s", path, err, text)
			}
		}
	}
	page := body(t, get(t, s, "/status/fra"))
	for _, want := range []string{"web-fra-01", "Critical", "Silent", "Warning", "OK", "fra: 4 of 8 hosts with a problem"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "web-ams") || strings.Contains(page, "/alarms") {
		t.Error("the page shows other hosts, or leads to pages for people")
	}

	// What is not public any more is gone within seconds, and what is asked often is computed once.
	tags = nil
	if res := get(t, s, "/status/fra"); res.StatusCode != http.StatusOK {
		t.Errorf("within the time: %d", res.StatusCode)
	}
	now = now.Add(statusAge)
	if res := get(t, s, "/status/fra"); res.StatusCode != http.StatusNotFound {
		t.Errorf("after it: %d", res.StatusCode)
	}
}

func TestNothingIsPublicByItself(t *testing.T) {
	s := newSite(t, Options{Login: nobody(), Hosts: fleet(1)})
	if res := get(t, s, "/status/fra"); res.StatusCode != http.StatusSeeOther {
		t.Errorf("without public pages: %d", res.StatusCode)
	}
	s = newSite(t, Options{Login: nobody(), Hosts: fleet(1), PublicTags: func(context.Context) ([]string, error) { return nil, errors.New("secret") }})
	if res := get(t, s, "/status/fra"); res.StatusCode != http.StatusInternalServerError || strings.Contains(body(t, res), "secret") {
		t.Errorf("unreadable: %d", res.StatusCode)
	}
}

func TestPublicState(t *testing.T) {
	rows := []live.Row{{Name: "a", Tags: []string{"x"}, Health: "unavailable", State: alarm.Unknown}, {Name: "r", Tags: []string{"x"}, Health: "revoked"}}
	st := publicOf("x", rows)
	if len(st.Rows) != 1 || st.Rows[0].Text != "OK" || st.Worst != "ok" {
		t.Errorf("%+v", st)
	}
	if publicOf("y", rows) != nil {
		t.Error("a tag that nobody has")
	}
}

func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
