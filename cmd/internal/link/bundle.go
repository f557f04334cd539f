package link

import (
	"context"
	"encoding/json"
	"fmt"

	"virgo/schedule/shorttext"
	"virgo/transport"
)

// A BundleOffer is the bundle of scripts that the endpoint has for this host.
type BundleOffer struct {
	// Version is "0.0.0-0" if there is none.
	Version string `json:"version"`
	// File is its name in the channel. Bytes and SHA256 are those of the file. An endpoint of another make may leave
	// them out.
	File   string `json:"file"`
	Bytes  int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Endpoint is which endpoint says so, as configured; for an SRV name with its target.
	Endpoint string `json:"-"`
}

// NoVersion is the version of an endpoint that has none.
const NoVersion = "0.0.0-0"

// FetchBundleVersion asks in a session of its own which bundle this host is to have. manual means that a person asked
// for it, so that a backoff does not prevent it.
func FetchBundleVersion(ctx context.Context, cfg *Config, manual bool) (BundleOffer, error) {
	st, err := cfg.State(ctx)
	if err != nil {
		return BundleOffer{}, err
	}
	s := NewSession(cfg, st)
	defer s.Close()
	s.Manual = manual
	if blocked := s.Blocked(); blocked != nil {
		return BundleOffer{}, blocked
	}
	offer, err := s.fetchBundleVersion(ctx)
	if s.triesAnew(err) {
		s.Close()
		offer, err = s.fetchBundleVersion(ctx)
	}
	saved := s.save(ctx) // a session that failed has used its number, too
	if err != nil {
		return offer, err
	}
	return offer, saved
}

func (s *Session) fetchBundleVersion(ctx context.Context) (o BundleOffer, err error) {
	if err := s.open(ctx, ctx); err != nil {
		return o, err
	}
	if _, err := s.welcome(ctx); err != nil {
		return o, err
	}
	params := shorttext.AppendJSON([]byte(`{"name":`), s.cfg.BundleName)
	params = append(shorttext.AppendJSON(append(params, `,"channel":`...), s.cfg.BundleChannel), '}')
	result, err := s.conn.Call(ctx, transport.MethodBundleVersion, params)
	if err != nil {
		return o, fmt.Errorf("asking %s for the version of the bundle: %w", s.endpoint, err)
	}
	if err := json.Unmarshal(result, &o); err != nil {
		return o, fmt.Errorf("reading the version of the bundle from %s: %w", s.endpoint, err)
	}
	o.Endpoint = s.endpoint
	s.goodbye(ctx)
	return o, nil
}
