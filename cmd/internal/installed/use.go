package installed

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Use is the bundle that this run uses.
type Use struct {
	File *os.File // the caller closes it
	Ref  Ref
	// Damaged is why the current bundle is not used, and the previous one is; nil: the current one is.
	Damaged error
}

// Use opens the bundle that scripts are run from: the current one, or the previous one if the
// file of the current one is missing or changed, or if its key is revoked. Its content was
// compared with the SHA-256. revoked says which keys are, by their ids; nil: none. Errors:
// [ErrNoBundle], and why none can be used.
func (f *Folder) Use(revoked func(keyID string) bool) (Use, error) {
	i, err := f.Installed()
	if err != nil {
		return Use{}, err
	}
	if i.Current.IsZero() {
		return Use{}, ErrNoBundle
	}
	if err := f.Check(); err != nil {
		return Use{}, err
	}
	open := func(r Ref) (*os.File, error) {
		if revoked != nil && revoked(r.Key) {
			return nil, fmt.Errorf("bundle %s is signed by the key %s, which is revoked", r, r.Key)
		}
		return f.open(r)
	}
	file, err := open(i.Current)
	if err == nil {
		return Use{File: file, Ref: i.Current}, nil
	}
	if i.Previous.IsZero() {
		return Use{}, err
	}
	file, previousErr := open(i.Previous)
	if previousErr != nil {
		return Use{}, errors.Join(err, previousErr)
	}
	return Use{File: file, Ref: i.Previous, Damaged: err}, nil
}

// IsDamaged reports whether the current bundle cannot be used although it is installed.
func (f *Folder) IsDamaged() bool {
	u, err := f.Use(nil)
	if err != nil {
		return !errors.Is(err, ErrNoBundle)
	}
	u.File.Close()
	return u.Damaged != nil
}

// Reopen opens the same file once more, for another process: an offset of its own.
func (u Use) Reopen() (*os.File, error) { return openRegular(u.File.Name()) }

// open opens the file of a bundle whose content is as it was installed.
func (f *Folder) open(r Ref) (*os.File, error) {
	file, err := openRegular(f.path(r.file()))
	if missing(err) {
		return nil, fmt.Errorf("the file of bundle %s is missing: %s", r, f.path(r.file()))
	}
	if err != nil {
		return nil, fmt.Errorf("opening bundle %s: %w", r, err)
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.LimitReader(file, r.Bytes+1))
	if err == nil && (n != r.Bytes || hex.EncodeToString(sum.Sum(nil)) != r.SHA256) {
		err = fmt.Errorf("%s was changed since it was installed", f.path(r.file()))
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("bundle %s: %w", r, err)
	}
	return file, nil
}

// verify returns why the file of a bundle cannot be used.
func (f *Folder) verify(r Ref) error {
	file, err := f.open(r)
	if err != nil {
		return err
	}
	return file.Close()
}

// Read returns the files of a bundle as they were installed, to verify them again: its bytes, and
// its signatures by their endings.
func (f *Folder) Read(r Ref) (c Candidate, err error) {
	file, err := f.open(r)
	if err != nil {
		return c, err
	}
	defer file.Close()
	c.Ref = r
	if c.File, err = io.ReadAll(io.LimitReader(file, r.Bytes)); err != nil {
		return c, fmt.Errorf("reading bundle %s: %w", r, err)
	}
	c.Signatures = make(map[string][]byte)
	for _, ending := range SignatureEndings() {
		signature, err := openRegular(f.path(r.file() + ending))
		if missing(err) {
			continue
		}
		if err != nil {
			return c, err
		}
		b, err := io.ReadAll(io.LimitReader(signature, MaxSignatureBytes))
		signature.Close()
		if err != nil {
			return c, fmt.Errorf("reading the signature of bundle %s: %w", r, err)
		}
		c.Signatures[ending] = b
	}
	return c, nil
}

// MaxSignatureBytes bounds one signature.
const MaxSignatureBytes = 4 << 10
