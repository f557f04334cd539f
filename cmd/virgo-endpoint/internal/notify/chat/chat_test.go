package chat

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/notify"
)

const topic = "t0pic-secret"

// ntfy starts a server of ntfy's API, and returns the URL of a topic there and what is posted.
func ntfy(t *testing.T, status int) (url notify.Secret, posted func() string) {
	var got strings.Builder
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.WriteString(r.URL.Path + ": " + string(body))
		w.WriteHeader(status)
		io.WriteString(w, `{"code":40301,"error":"forbidden: `+topic+`"}`)
	}))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	return notify.NewSecret("ntfy://u:pa55w0rd@" + host + "/" + topic + "?scheme=http"), got.String
}

func TestSend(t *testing.T) {
	url, posted := ntfy(t, http.StatusOK)
	d, err := New(notify.ChatConfig{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Send(t.Context(), &notify.Message{Title: "title", Text: "web1: CRITICAL @everyone <!here> <https://a.example|log in> [log in](https://a.example)\n"}); err != nil {
		t.Fatal(err)
	}
	if got := posted(); got != "/"+topic+": web1: CRITICAL @ everyone < !here> < https://a.example|log in> [log in] (https://a.example)" {
		t.Errorf("%q", got)
	}
}

// A long text ends with the link, and is one that every service takes.
func TestLongTextsAreShortened(t *testing.T) {
	m := &notify.Message{Title: "title", Text: strings.Repeat("größer ", 1000), Link: "https://virgo.example.com/alarms"}
	got := text(m)
	if n := len([]rune(got)); n > maxRunes || !strings.HasPrefix(got, "title\ngrößer") || !strings.HasSuffix(got, "\n"+m.Link) {
		t.Errorf("%d runes: %s", n, got)
	}
}

// The library's errors have the URL in them, which is a secret.
func TestErrorsHaveNoURL(t *testing.T) {
	refused, _ := ntfy(t, http.StatusForbidden)
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, c := range map[string]struct{ url, want string }{
		"refused":      {refused.Reveal(), "ntfy: status 403"},
		"gone":         {"ntfy://" + strings.TrimPrefix(gone.URL, "http://") + "/" + topic + "?scheme=http", "ntfy: dial: connect: connection refused"},
		"invalid":      {"ntfy://exa mple/" + topic, "ntfy: the URL is not one that shoutrrr accepts for this service"},
		"unknown key":  {"slack://" + topic, "slack: the URL is not one that shoutrrr accepts for this service"},
		"wrong chats":  {"telegram://" + topic + "@telegram", "telegram: the URL is not one that shoutrrr accepts for this service"},
		"mail":         {"smtp://user:" + topic + "@example.com", "mail is sent by a notifier of its own"},
		"log":          {"logger://" + topic, "the URL begins with no service of shoutrrr: bark, discord"},
		"no service":   {"nonesuch://" + topic, "the URL begins with no service of shoutrrr: bark, discord"},
		"no URL":       {topic, "the URL begins with no service of shoutrrr: bark, discord"},
		"custom":       {"slack+https://hooks.example.com/" + topic, "slack: the URL is not one that shoutrrr accepts for this service"},
		"control byte": {"ntfy://\x7f/" + topic, "ntfy: the URL is not one that shoutrrr accepts for this service"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := New(notify.ChatConfig{URL: notify.NewSecret(c.url)})
			if err == nil {
				err = d.Send(t.Context(), &notify.Message{Text: "text"})
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), topic) || strings.Contains(err.Error(), "pa55w0rd")) {
				t.Errorf("a secret in an error: %v", err)
			}
		})
	}
}

// A test of a notifier comes beside the message that its worker sends: one waits for the other.
func TestOneMessageAtATime(t *testing.T) {
	var d *Driver
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.mu.TryLock() {
			d.mu.Unlock()
			t.Error("another message could be sent meanwhile")
		}
		io.WriteString(w, `{}`)
	}))
	defer s.Close()
	var err error
	d, err = New(notify.ChatConfig{URL: notify.NewSecret("ntfy://" + strings.TrimPrefix(s.URL, "http://") + "/" + topic + "?scheme=http")})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := d.Send(t.Context(), &notify.Message{Title: "title", Text: "text"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
