package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

const (
	key       = "the k3y of the receiver"
	pathToken = "T0KEN-in-the-path"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func message() *notify.Message {
	value := 93.4
	return &notify.Message{ID: "0123abcd", Kind: watch.AlarmEvent, State: alarm.Critical, Title: "web1: CRITICAL <disk> of / over 90 %", Text: "text\n",
		Link: "https://virgo.example.com/hosts/web1?from=a&to=b#alarm",
		Events: []watch.Event{{Kind: watch.AlarmEvent, Was: alarm.Warning, At: now, Standing: watch.Standing{State: alarm.Critical, Host: "web1",
			Key: watch.Key{Rule: "disk", CheckID: "root", Dimension: "/"}, Value: &value, Since: now}}}}
}

// A receiver verifies as the specification says: the signature, how old a request is, and whether it had it.
type receiver struct {
	*httptest.Server
	clock  time.Time
	seen   map[string]bool
	bodies []string
	status int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{clock: now, seen: make(map[string]bool), status: http.StatusNoContent}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		id, stamp := req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp")
		h := hmac.New(sha256.New, []byte(key))
		io.WriteString(h, id+"."+stamp+"."+string(body))
		seconds, _ := strconv.ParseInt(stamp, 10, 64)
		switch age := r.clock.Sub(time.Unix(seconds, 0)); {
		case req.Header.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(h.Sum(nil)), req.Method != http.MethodPost:
			w.WriteHeader(http.StatusUnauthorized)
		case age > 5*time.Minute || age < -5*time.Minute:
			w.WriteHeader(http.StatusForbidden)
		case r.seen[id]:
			w.WriteHeader(http.StatusOK)
		default:
			if r.status/100 == 2 {
				r.seen[id] = true
				r.bodies = append(r.bodies, string(body))
			}
			w.WriteHeader(r.status)
			io.WriteString(w, "an answer that quotes "+req.URL.Path+" and "+key)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) driver(t *testing.T, key string, clock time.Time) *Driver {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(r.Certificate())
	d, err := New(notify.WebhookConfig{URL: notify.NewSecret(r.URL + "/" + pathToken), Key: notify.NewSecret(key), Roots: roots}, func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReceiverVerifiesWhatIsPosted(t *testing.T) {
	r := newReceiver(t)
	for range 2 { // sent again with the same id, it counts once
		if err := r.driver(t, key, now).Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.bodies) != 1 {
		t.Fatalf("%d bodies", len(r.bodies))
	}
	var got struct {
		Schema int `json:"schema_version"`
		ID     string
		State  string
		Title  string
		Events []struct {
			Was   string
			Alarm struct {
				Rule, Host string
				Value      float64
				Since      time.Time
			}
		}
	}
	if err := json.Unmarshal([]byte(r.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	e := got.Events[0]
	if got.Schema != 1 || got.ID != "0123abcd" || got.State != "CRITICAL" || e.Was != "WARNING" || e.Alarm.Rule != "disk" || e.Alarm.Value != 93.4 || !e.Alarm.Since.Equal(now) {
		t.Errorf("%s", r.bodies[0])
	}
	if !strings.Contains(r.bodies[0], "<disk>") {
		t.Errorf("the title is escaped: %s", r.bodies[0])
	}
	if err := r.driver(t, "another key", now).Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "status 401") {
		t.Errorf("another key: %v", err)
	}
	old := message()
	old.ID = "other"
	if err := r.driver(t, key, now.Add(-time.Hour)).Send(t.Context(), old); err == nil || !strings.Contains(err.Error(), "status 403") {
		t.Errorf("an old request: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	for status, permanent := range map[int]bool{400: true, 401: false, 404: false, 408: false, 413: true, 422: true, 425: false, 429: false, 500: false, 302: false} {
		r := newReceiver(t)
		r.status = status
		err := r.driver(t, key, now).Send(t.Context(), message())
		var p *notify.Permanent
		if err == nil || errors.As(err, &p) != permanent || !strings.Contains(err.Error(), "status "+strconv.Itoa(status)) {
			t.Errorf("%d: %v", status, err)
		}
		noSecret(t, err)
	}
}

// noSecret fails if an error has a secret in it: also the URL is one.
func noSecret(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), key) || strings.Contains(err.Error(), pathToken)) {
		t.Errorf("a secret in an error: %v", err)
	}
}

func TestErrorsHaveNoURL(t *testing.T) {
	r := newReceiver(t)
	d := r.driver(t, key, now)
	stuck := make(chan struct{})
	r.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) { <-stuck })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.Send(ctx, message())
	if err == nil {
		t.Error("sent without time")
	}
	noSecret(t, err)
	close(stuck)
	r.Close()
	if err = d.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
	noSecret(t, err)
	untrusted := newReceiver(t)
	d, err = New(notify.WebhookConfig{URL: notify.NewSecret(untrusted.URL + "/" + pathToken)}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err = d.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	noSecret(t, err)
}

// The example of the specification: https://www.standardwebhooks.com.
func TestSignatureOfTheSpecification(t *testing.T) {
	k, err := keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := sign(k, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if got != "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
	if _, err := keyOf("whsec_%%%"); err == nil || strings.Contains(err.Error(), "%%%") {
		t.Error(err)
	}
}
