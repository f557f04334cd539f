package localalarm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxAnswerBytes of an answer are read, so that the connection ends in order.
const maxAnswerBytes = 4 << 10

// Webhook is the way by a POST of the change as JSON. address returns the URL, which may be a secret: no error has it.
func Webhook(address func() (string, error), client *http.Client) Way {
	return Way{Name: "alarm.webhook", Send: func(ctx context.Context, c *Change) error {
		to, err := address()
		if err != nil {
			return err
		}
		return post(ctx, client, to, c)
	}}
}

// NewClient returns a client that follows no redirect: a change goes where the owner sends it. proxy is as in
// http.Transport.
func NewClient(proxy func(*http.Request) (*url.URL, error)) *http.Client {
	return &http.Client{
		Transport:     &http.Transport{Proxy: proxy, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func post(ctx context.Context, client *http.Client, to string, c *Change) error {
	ctx, cancel := context.WithTimeout(ctx, webhookTime)
	defer cancel()
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil || r.URL.Host == "" || r.URL.Scheme != "https" && r.URL.Scheme != "http" {
		return errors.New("the address is no URL of http or https")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "virgo")
	r.Header.Set("Webhook-Id", c.ID)
	answer, err := client.Do(r)
	if err != nil {
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err // without the address
		}
		return fmt.Errorf("it did not answer: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswerBytes))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d", answer.StatusCode)
	}
	return nil
}
