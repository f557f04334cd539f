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

// The beginnings of a binary age file and of one in text form (ASCII armor).
const (
	ageMagic = "age-encryption.org/"
	ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// ParseRecipient parses a recipient as age-keygen prints it: age1….
func ParseRecipient(s string) (age.Recipient, error) {
	if strings.Contains(s, "AGE-SECRET-KEY-") || strings.Contains(s, "AGE-PLUGIN-") {
		return nil, errors.New("a recipient is a public key (age1…), this is a secret key")
	}
	list, err := age.ParseRecipients(strings.NewReader(s))
	if err != nil || len(list) != 1 {
		return nil, fmt.Errorf("recipient %.128q is not an age key (age1…)", s)
	}
	return list[0], nil
}

// ParseIdentities parses a file of secret keys as age-keygen writes it. Its errors repeat nothing of
// the file.
func ParseIdentities(r io.Reader) ([]age.Identity, error) {
	list, err := age.ParseIdentities(io.LimitReader(r, 1<<20))
	if err != nil {
		return nil, errors.New("it does not consist of native age keys (AGE-SECRET-KEY-1…)")
	}
	return list, nil
}

// decrypt returns the contents of an encrypted bundle, and a plain one unchanged.
func decrypt(src io.ReaderAt, size int64, identities []age.Identity) (io.ReaderAt, int64, error) {
	var head [len(ageArmor)]byte
	n, err := src.ReadAt(head[:min(int64(len(head)), size)], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, fmt.Errorf("read the bundle: %w", err)
	}
	switch {
	case string(head[:n]) == ageArmor:
		return nil, 0, &Error{Kind: ErrNotBundle, Why: "an age file in text form", hint: "decrypt it with age -d"}
	case !bytes.HasPrefix(head[:n], []byte(ageMagic)):
		return src, size, nil
	case len(identities) == 0:
		return nil, 0, &Error{Kind: ErrEncrypted, hint: hintIdentity}
	}
	plain, plainSize, err := age.DecryptReaderAt(src, size, identities...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case errors.As(err, &noMatch):
		return nil, 0, &Error{
			Kind: ErrEncrypted, Why: "for other recipients than the given identities", hint: hintIdentity,
		}
	case isMediumError(err):
		return nil, 0, fmt.Errorf("read the bundle: %w", err)
	case err != nil:
		return nil, 0, diagnose(src, size, identities, err)
	}
	return decryptReaderAt{plain}, plainSize, nil
}

const hintIdentity = "--identity FILE, the file with the secret key of its recipient"

// diagnose decrypts a damaged bundle from its beginning to find out up to where it is good.
func diagnose(src io.ReaderAt, size int64, identities []age.Identity, cause error) error {
	plain, err := age.Decrypt(io.NewSectionReader(src, 0, size), identities...)
	if err != nil {
		return &Error{Kind: ErrChanged, Why: "it cannot be decrypted: it was changed or truncated", Err: err}
	}
	w := walkOver(decryptReader{plain}, -1)
	for {
		if _, err := w.next(); errors.Is(err, io.EOF) {
			return w.changed("it cannot be decrypted to its end", cause)
		} else if err != nil {
			return err
		}
	}
}

// A decryptError is an error of decrypting, as opposed to one of reading.
type decryptError struct{ err error }

func (e *decryptError) Error() string { return e.err.Error() }
func (e *decryptError) Unwrap() error { return e.err }

// decryptReaderAt wraps errors of decrypting in a decryptError.
type decryptReaderAt struct{ io.ReaderAt }

func (r decryptReaderAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) && !isMediumError(err) {
		err = &decryptError{err}
	}
	return n, err
}

// isMediumError reports whether the medium failed, rather than what is stored on it.
func isMediumError(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// decryptReader does the same for sequential reading, in which io.ErrUnexpectedEOF is an error of
// decrypting too.
type decryptReader struct{ io.Reader }

func (r decryptReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil && err != io.EOF && !isMediumError(err) {
		err = &decryptError{err}
	}
	return n, err
}
