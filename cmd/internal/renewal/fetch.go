package renewal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/schedule/shorttext"
	"virgo/schedule/signature"
	"virgo/transport"
)

// A fetching is what a file needs that is fetched over several runs.
type fetching struct {
	source source
	folder place
	// most bounds the size of the file.
	most   int64
	wanted download
	part   *part
	// known returns an error for a signature that is by none of the keys of the settings, as far as
	// it says whose it is.
	known func(ending string, sig []byte) error
	// before is called before so many bytes are fetched; nil: not called.
	before func(ctx context.Context, bytes int64) error
	// hook is called at each step; nil: not called.
	hook func(step string)
	// unfinished means that much was fetched, and that the next run continues.
	unfinished bool
}

func (s *fetching) step(name string) {
	if s.hook != nil {
		s.hook(name)
	}
}

// close ends the use of what was fetched, which stays.
func (s *fetching) close() {
	if s.part != nil {
		s.part.file.Close()
	}
}

// fetchSignatures fetches the signature, unless an earlier run did, and returns the error of known
// before anything of the file is fetched.
func (s *fetching) fetchSignatures(ctx context.Context) error {
	var err error
	if s.wanted, err = resume(s.folder, s.wanted); err != nil {
		return err
	}
	if len(s.wanted.Signatures) > 0 {
		return nil
	}
	for _, ending := range installed.SignatureEndings() {
		sig, err := s.fetchSmall(ctx, s.wanted.File+ending)
		var status *statusError
		if errors.As(err, &status) && status.code == http.StatusNotFound {
			continue
		}
		if err == nil {
			err = s.known(ending, sig)
		}
		if err != nil {
			return err
		}
		s.wanted.Signatures = map[string][]byte{ending: sig}
		if err := s.wanted.save(s.folder); err != nil {
			return err
		}
		s.step("signature")
		return nil
	}
	return fmt.Errorf("%s: %w: the endpoint has no signature of it", s.wanted.File, signature.ErrUnsigned)
}

func (s *fetching) fetchSmall(ctx context.Context, file string) ([]byte, error) {
	a, err := s.source.get(ctx, file, 0, "")
	if err != nil {
		return nil, err
	}
	defer a.Close()
	var b bytes.Buffer
	if err := a.copyTo(&b, installed.MaxSignatureBytes); err != nil {
		if errors.Is(err, errAnotherFile) {
			err = fmt.Errorf("it has more than %d bytes", installed.MaxSignatureBytes)
		}
		return nil, fmt.Errorf("fetching %s: %w", file, err)
	}
	return b.Bytes(), nil
}

// leastProgress is how much a run must have fetched for the next one to go on without a pause: an
// endpoint that sends a byte a second does not keep a process of each run waiting.
const leastProgress = 64 << 10

// fetchFile fetches the rest of the file.
func (s *fetching) fetchFile(ctx context.Context) error {
	limit := s.wanted.Bytes
	if limit == 0 {
		limit = s.most // an endpoint that does not say it
	}
	d := s.wanted
	d.Bytes = limit
	var err error
	if s.part, err = openPart(s.folder, d); err != nil {
		return err
	}
	if s.wanted.SHA256 == "" || s.wanted.Bytes == 0 { // it may be another file by now
		if err := s.part.restart(); err != nil {
			return err
		}
	}
	if s.part.size == limit {
		return nil
	}
	if s.before != nil {
		if err := s.before(ctx, limit-s.part.size); err != nil {
			return err
		}
	}
	before := s.part.size
	if err := s.fetchRest(ctx, limit); err != nil {
		s.unfinished = s.part.sync() == nil && s.part.size-before >= leastProgress
		return err
	}
	if s.wanted.Bytes > 0 && s.part.size != s.wanted.Bytes {
		return errors.Join(errAnotherFile, s.part.restart())
	}
	return s.part.sync()
}

// fetchRest fetches from where an earlier run ended.
func (s *fetching) fetchRest(ctx context.Context, limit int64) error {
	a, err := s.source.get(ctx, s.wanted.File, s.part.size, `"sha256-`+s.wanted.SHA256+`"`)
	if err != nil {
		return err
	}
	defer a.Close()
	if a.from != s.part.size { // the endpoint sends the whole file
		if err := s.part.restart(); err != nil {
			return err
		}
	}
	s.step("body")
	err = a.copyTo(&steppedPart{s}, limit-s.part.size)
	if errors.Is(err, errAnotherFile) {
		err = errors.Join(err, s.part.restart())
	}
	if err != nil {
		return fmt.Errorf("fetching %s: %w", s.wanted.File, err)
	}
	return nil
}

// A steppedPart calls the hook for each block.
type steppedPart struct{ s *fetching }

func (p *steppedPart) Write(b []byte) (int, error) {
	n, err := p.s.part.Write(b)
	p.s.step("block")
	return n, err
}

// spend notes what is going to be fetched, before it is: a process that is killed has used it all
// the same.
func (s *state) spend(ctx context.Context, bytes int64) error {
	most := int64(maxFetchedADay)
	if s.Manual {
		most = math.MaxInt64
	}
	if err := spendOfDay(&s.renewal, s.Link.Now(), bytes, most); err != nil {
		return err
	}
	s.renewal.Unfinished = true
	return s.save(ctx)
}

// spendOfDay adds to what was fetched today. Error: *dayError, if that would be more than most.
func spendOfDay(r *installed.Renewal, now time.Time, bytes, most int64) error {
	if age := now.UnixMilli() - r.DayMS; age < 0 || age >= day.Milliseconds() {
		r.DayMS, r.DayBytes = now.UnixMilli(), 0
	}
	if bytes > most-r.DayBytes {
		return &dayError{most}
	}
	r.DayBytes += bytes
	return nil
}

// A dayError is returned when enough was fetched today.
type dayError struct{ most int64 }

func (e *dayError) Error() string {
	return fmt.Sprintf("%d MiB were fetched today; it goes on tomorrow", e.most>>20)
}

// noteFailure lets a growing pause follow, during which nothing is asked.
func noteFailure(r *installed.Renewal, err error, now time.Time, random func(n int64) int64) {
	var status *statusError
	var ofDay *dayError
	r.Failures = min(r.Failures+1, transport.MaxFailures)
	requested := time.Duration(0)
	if errors.As(err, &status) {
		requested = status.retryAfter
	}
	if errors.As(err, &ofDay) {
		requested = time.UnixMilli(r.DayMS).Add(day).Sub(now)
	}
	r.FailedMS = now.UnixMilli()
	r.UntilMS = now.Add(transport.RenewalBackoffAfter(r.Failures, requested, random)).UnixMilli()
	r.Error = errorText(err)
}

// errorText returns an error as it is stored.
func errorText(err error) string {
	return shorttext.Truncate(shorttext.Sanitize(err.Error()), maxErrorBytes)
}
