package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/notify"
)

const (
	// maxAnswerBytes of an answer are read, so that the connection can be used again.
	maxAnswerBytes = 4 << 10
	// keyPrefix begins keys in the specification's own form, base64.
	keyPrefix = "whsec_"
	userAgent = "virgo-endpoint"
)

// A Driver posts to one URL.
type Driver struct {
	url    string
	host   string
	key    []byte
	client *http.Client
	now    func() time.Time
}

// New returns a driver.
func New(c notify.WebhookConfig, now func() time.Time) (*Driver, error) {
	u, err := url.Parse(c.URL.Reveal())
	if err != nil {
		return nil, errors.New("the URL is invalid")
	}
	key, err := keyOf(c.Key.Reveal())
	if err != nil {
		return nil, err
	}
	return &Driver{u.String(), u.Host, key, notify.NewClient(c.Roots), now}, nil
}

// keyOf reads a key: base64 behind "whsec_", or any other text as it is.
func keyOf(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, keyPrefix)
	if !ok {
		return []byte(text), nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("the secret begins with " + keyPrefix + ", and what follows is no base64")
	}
	return key, nil
}

// Send is of [notify.Driver].
func (d *Driver) Send(ctx context.Context, m *notify.Message) error {
	body := m.JSON()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return &notify.Permanent{Err: errors.New("the URL is invalid")}
	}
	stamp := strconv.FormatInt(d.now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("webhook-id", m.ID)
	req.Header.Set("webhook-timestamp", stamp)
	if len(d.key) > 0 {
		req.Header.Set("webhook-signature", "v1,"+sign(d.key, m.ID, stamp, body))
	}
	answer, err := d.client.Do(req)
	if err != nil {
		return fmt.Errorf("posting to %s: %w", d.host, notify.SafeError(err))
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswerBytes))
	if answer.StatusCode/100 == 2 {
		return nil
	}
	err = fmt.Errorf("posting to %s: status %d", d.host, answer.StatusCode)
	if slices.Contains(final, answer.StatusCode) {
		return &notify.Permanent{Err: err}
	}
	return err
}

// final are the answers that say that this message will never be taken.
var final = []int{http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity}

// sign returns the signature of the Standard Webhooks specification, in base64.
func sign(key []byte, id, stamp string, body []byte) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%s.%s", id, stamp, body)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
