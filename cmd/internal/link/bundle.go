package link

import (
	"context"
	"encoding/json"
	"fmt"

	"virgo/schedule/shorttext"
	"virgo/transport"
)

// An Offer is the bundle of scripts, or the archive of programs, that the endpoint has for this host.
type Offer struct {
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
func FetchBundleVersion(ctx context.Context, cfg *Config, manual bool) (Offer, error) {
	params := shorttext.AppendJSON([]byte(`{"name":`), cfg.BundleName)
	params = append(shorttext.AppendJSON(append(params, `,"channel":`...), cfg.BundleChannel), '}')
	return fetchVersion(ctx, cfg, manual, question{transport.MethodBundleVersion, "the bundle", params})
}

// FetchProgramsVersion asks likewise which programs this host is to have, for a system and a processor.
func FetchProgramsVersion(ctx context.Context, cfg *Config, manual bool, system, arch string) (Offer, error) {
	params := shorttext.AppendJSON([]byte(`{"os":`), system)
	params = shorttext.AppendJSON(append(params, `,"arch":`...), arch)
	params = append(shorttext.AppendJSON(append(params, `,"channel":`...), cfg.BundleChannel), '}')
	return fetchVersion(ctx, cfg, manual, question{transport.MethodProgramsVersion, "the programs", params})
}

// A question asks for a version.
type question struct {
	method, of string
	params     []byte
}

func fetchVersion(ctx context.Context, cfg *Config, manual bool, q question) (Offer, error) {
	st, err := cfg.State(ctx)
	if err != nil {
		return Offer{}, err
	}
	s := NewSession(cfg, st)
	defer s.Close()
	s.Manual = manual
	if blocked := s.Blocked(); blocked != nil {
		return Offer{}, blocked
	}
	offer, err := s.fetchVersion(ctx, q)
	if s.triesAnew(err) {
		s.Close()
		offer, err = s.fetchVersion(ctx, q)
	}
	saved := s.save(ctx) // a session that failed has used its number, too
	if err != nil {
		return offer, err
	}
	return offer, saved
}

func (s *Session) fetchVersion(ctx context.Context, q question) (o Offer, err error) {
	if err := s.open(ctx, ctx); err != nil {
		return o, err
	}
	if _, err := s.welcome(ctx); err != nil {
		return o, err
	}
	result, err := s.conn.Call(ctx, q.method, q.params)
	if err != nil {
		return o, fmt.Errorf("asking %s for the version of %s: %w", s.endpoint, q.of, err)
	}
	if err := json.Unmarshal(result, &o); err != nil {
		return o, fmt.Errorf("reading the version of %s from %s: %w", q.of, s.endpoint, err)
	}
	o.Endpoint = s.endpoint
	s.goodbye(ctx)
	return o, nil
}
