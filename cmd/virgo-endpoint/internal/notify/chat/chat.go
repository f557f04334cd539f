package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	"github.com/nicholas-fedor/shoutrrr/pkg/types"
	"github.com/nicholas-fedor/shoutrrr/pkg/util/jsonclient"

	"virgo/cmd/virgo-endpoint/internal/notify"
	"virgo/schedule/shorttext"
)

// maxRunes is what every service takes: Pushover takes 1,024.
const maxRunes = 1000

// A Driver sends to one service.
type Driver struct {
	url     notify.Secret
	service string
	mu      sync.Mutex    // held while something is sent: a test comes beside the worker
	sender  types.Service // once it is known to work
}

// New returns a driver. It connects to nothing.
func New(c notify.ChatConfig) (*Driver, error) {
	scheme, _, ok := strings.Cut(c.URL.Reveal(), "://")
	service, _, _ := strings.Cut(strings.ToLower(scheme), "+")
	known := new(router.ServiceRouter).ListServices()
	slices.Sort(known)
	known = slices.DeleteFunc(known, func(s string) bool { return s == "smtp" || s == "logger" })
	switch {
	case ok && service == "smtp":
		return nil, errors.New("mail is sent by a notifier of its own: mail: {to: …, from: …, server: …}")
	case !ok, !slices.Contains(known, service):
		return nil, errors.New("the URL begins with no service of shoutrrr: " + strings.Join(known, ", "))
	}
	return &Driver{url: c.URL, service: service}, nil
}

// Send is of [notify.Driver]. It comes back when the service answered, whatever the context.
func (d *Driver) Send(_ context.Context, m *notify.Message) (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() {
		if recover() != nil { // the library is not ours, and the endpoint must go on
			err = fmt.Errorf("%s: shoutrrr failed", d.service)
		}
	}()
	if d.sender == nil {
		sender, err := new(router.ServiceRouter).Locate(d.url.Reveal())
		if err != nil {
			return d.explain("the URL is not one that shoutrrr accepts for this service", err)
		}
		d.sender = sender
	}
	if err := d.sender.Send(text(m), &types.Params{}); err != nil {
		d.sender = nil
		return d.explain("the message was not taken", err)
	}
	return nil
}

// text is the message, shortened to what every service takes.
func text(m *notify.Message) string {
	text := strings.TrimSpace(m.Text)
	if len([]rune(text)) > maxRunes {
		text = shorttext.TruncateRunes(m.Title+"\n"+text, maxRunes-len([]rune(m.Link))-2) + "\n" + m.Link
	}
	// A host's text calls nobody, and shows no link with words that are not its address.
	return strings.NewReplacer("<http", "< http", "](", "] (", "@everyone", "@ everyone", "@here", "@ here", "@channel", "@ channel", "@all", "@ all",
		"<!", "< !", "<@", "< @").Replace(text)
}

// statusText finds an HTTP status in an error of the library: "status 403", "(40301)" of ntfy.
var statusText = regexp.MustCompile(`(?i)(?:\b(?:status|http)(?: code)?:? ([1-5][0-9][0-9])\b|\(([45][0-9][0-9])[0-9][0-9]\))`)

// explain says what went wrong in words of ours: the library's have the URL in them.
func (d *Driver) explain(what string, err error) error {
	var network *net.OpError
	var name *net.DNSError
	var answer jsonclient.Error
	switch {
	case errors.As(err, &answer) && answer.StatusCode != 0:
		what = fmt.Sprintf("status %d", answer.StatusCode)
	case errors.As(err, &name):
		what = "its name is not known"
	case errors.As(err, &network) && network.Err != nil:
		what = network.Op + ": " + network.Err.Error()
	default:
		if m := statusText.FindStringSubmatch(err.Error()); m != nil {
			what = "status " + m[1] + m[2]
		}
	}
	return fmt.Errorf("%s: %s", d.service, what)
}
