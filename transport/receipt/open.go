package receipt

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Open reads a document and verifies its signature, and its signer with trust; the package comment
// describes which dates are checked. now is this host's time, which only appears in an error about
// dates.
//
// Errors: [ErrNotReceipt], [ErrNewer], [ErrChanged], [ErrUntrusted] (with a Hint), and those of
// reading the CA file.
func Open(doc []byte, trust Trust, now time.Time) (Receipt, error) {
	r, chain, err := parse(doc)
	if err != nil {
		return Receipt{}, err
	}
	if err := trust.verify(chain, r.Issued(), now); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// Read reads a document and verifies its signature with the certificate in it. It does not verify the
// certificate, so the result may be printed or passed on, but no result may be deleted because of it.
//
// Errors: [ErrNotReceipt], [ErrNewer], [ErrChanged].
func Read(doc []byte) (Receipt, error) {
	r, _, err := parse(doc)
	return r, err
}

// parse reads a document and verifies its signature, but not its signer.
func parse(doc []byte) (Receipt, []*x509.Certificate, error) {
	if len(doc) > MaxBytes {
		return Receipt{}, nil, fmt.Errorf("%w: longer than %d bytes", ErrNotReceipt, MaxBytes)
	}
	var d document
	if err := json.Unmarshal(doc, &d); err != nil {
		if newer := formOf(doc); newer > form {
			return Receipt{}, nil, newerError(newer)
		}
		return Receipt{}, nil, fmt.Errorf("%w: %w", ErrNotReceipt, err)
	}
	switch {
	case d.Form > form:
		return Receipt{}, nil, newerError(d.Form)
	case d.Form != form || d.Payload == nil:
		return Receipt{}, nil, fmt.Errorf("%w: another kind of JSON object", ErrNotReceipt)
	case len(d.Certificates) == 0 || len(d.Certificates) > maxCertificates:
		return Receipt{}, nil, fmt.Errorf("%w: it has %d certificates, not 1 to %d",
			ErrNotReceipt, len(d.Certificates), maxCertificates)
	}
	chain := make([]*x509.Certificate, len(d.Certificates))
	for i, der := range d.Certificates {
		var err error
		if chain[i], err = x509.ParseCertificate(der); err != nil {
			return Receipt{}, nil, fmt.Errorf("%w: certificate %d: %w", ErrNotReceipt, i+1, err)
		}
	}
	if !verify(chain[0], d.Algorithm, []byte(*d.Payload), d.Signature) {
		return Receipt{}, nil, fmt.Errorf("%w: the signature does not match", ErrChanged)
	}
	var p payload
	if err := json.Unmarshal([]byte(*d.Payload), &p); err != nil {
		return Receipt{}, nil, fmt.Errorf("%w: payload: %w", ErrNotReceipt, err)
	}
	r := Receipt(p)
	if err := r.check(); err != nil {
		return Receipt{}, nil, fmt.Errorf("%w: %w", ErrNotReceipt, err)
	}
	return r, chain, nil
}

// formOf returns the version of a document whose other fields cannot be read.
func formOf(doc []byte) int {
	var d struct {
		Form int `json:"virgo_receipt"`
	}
	if json.Unmarshal(doc, &d) != nil {
		return 0
	}
	return d.Form
}

func newerError(n int) error {
	return &hinted{fmt.Errorf("%w: %d; this program knows %d", ErrNewer, n, form), "update virgo on this host"}
}

// hinted is an error with a hint.
type hinted struct {
	error
	hint string
}

func (e *hinted) Hint() string  { return e.hint }
func (e *hinted) Unwrap() error { return e.error }

var errNoName = errors.New("the system's authorities are trusted and no name is expected: any web server's certificate would do")
