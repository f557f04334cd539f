package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"filippo.io/age"
)

// ageMagic is how a binary age file begins, and ageArmor how one begins that was made text.
const (
	ageMagic = "age-encryption.org/"
	ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// ParseRecipient reads a recipient as age-keygen shows it: age1….
func ParseRecipient(s string) (age.Recipient, error) {
	if strings.Contains(s, "AGE-SECRET-KEY-") || strings.Contains(s, "AGE-PLUGIN-") {
		return nil, errors.New("a recipient is a public key (age1…), and this is a secret one")
	}
	list, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(list) != 1 {
		return nil, fmt.Errorf("recipient %.128q is not an age key (age1…)", s)
	}
	return list[0], nil
}

// ParseIdentities reads a file of secret keys as age-keygen writes it. Its text is in no error.
func ParseIdentities(r io.Reader) ([]age.Identity, error) {
	list, err := age.ParseIdentities(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, errors.New("no age keys (AGE-SECRET-KEY-1…), or others than the native ones, are in it")
	}
	return list, nil
}

// decrypt gives the contents of an encrypted bundle, and a plain one as it is.
func decrypt(src io.ReaderAt, size int64, identities []age.Identity) (io.ReaderAt, int64, error) {
	var head [len(ageArmor)]byte
	n, err := src.ReadAt(head[:min(int64(len(head)), size)], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("read the bundle: %w", err)
	}
	switch {
	case string(head[:n]) == ageArmor:
		return nil, 0, &Error{Kind: ErrNotBundle, Why: "an age file in text form", hint: "age -d gives what is in it"}
	case !bytes.HasPrefix(head[:n], []byte(ageMagic)):
		return src, size, nil
	case len(identities) == 0:
		return nil, 0, &Error{Kind: ErrEncrypted, hint: "--identity FILE, the file with the secret key of its recipient"}
	}
	plain, plainSize, err := age.DecryptReaderAt(src, size, identities...)
	var nobody *age.NoIdentityMatchError
	switch {
	case errors.As(err, &nobody):
		return nil, 0, &Error{Kind: ErrEncrypted, Why: "for other recipients than the identities given", hint: "--identity FILE, the file with the secret key of its recipient"}
	case unreadable(err):
		return nil, 0, fmt.Errorf("read the bundle: %w", err)
	case err != nil:
		return nil, 0, brokenSeal(src, size, identities, err)
	}
	return sealedReader{plain}, plainSize, nil
}

// brokenSeal finds out how far a broken encrypted bundle is good: what can be decrypted from its front.
func brokenSeal(src io.ReaderAt, size int64, identities []age.Identity, cause error) error {
	plain, err := age.Decrypt(io.NewSectionReader(src, 0, size), identities...)
	if err != nil {
		return &Error{Kind: ErrChanged, Why: "its encryption does not hold, or it is cut", Err: err}
	}
	w := walkOver(sealedStream{plain}, -1)
	for {
		if _, err := w.next(); errors.Is(err, io.EOF) {
			return w.changed("its encryption does not hold", cause)
		} else if err != nil {
			return err
		}
	}
}

// A sealedError is what decrypting failed with, as opposed to reading.
type sealedError struct{ err error }

func (e *sealedError) Error() string { return e.err.Error() }
func (e *sealedError) Unwrap() error { return e.err }

// sealedReader tells what is wrong with the bytes from their end.
type sealedReader struct{ io.ReaderAt }

func (r sealedReader) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && !unreadable(err) {
		err = &sealedError{err}
	}
	return n, err
}

// unreadable says whether a medium failed, and not what is on it.
func unreadable(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// sealedStream is the same for what is read from front to back; there a cut is no end either.
type sealedStream struct{ io.Reader }

func (r sealedStream) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil && err != io.EOF && !unreadable(err) {
		err = &sealedError{err}
	}
	return n, err
}
