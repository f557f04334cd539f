package signature

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrUnsigned is returned for a file without a signature.
var ErrUnsigned = errors.New("not signed")

// Signatures has those of one file, by extension.
type Signatures map[string][]byte

// ReadBeside reads the signatures that lie beside a file. That there is none is no error.
func ReadBeside(path string) (Signatures, error) {
	found := Signatures{}
	for _, ext := range []string{MinisignExtension, RSAExtension} {
		b, err := readBounded(path + ext)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[ext] = b
	}
	return found, nil
}

func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxBytes+1)) // one more, so that Verify says that it is too long
}

// VerifyAll returns who signed a file: there must be a signature, and each must be good. Of two, it
// returns that of minisign, which says more. Errors: *Error, or one that wraps ErrUnsigned.
func (r Ring) VerifyAll(file []byte, sigs Signatures, now time.Time) (signed Signed, err error) {
	if len(sigs) == 0 {
		return Signed{}, fmt.Errorf("%w: there is no %s and no %s beside it",
			ErrUnsigned, MinisignExtension, RSAExtension)
	}
	for _, ext := range []string{RSAExtension, MinisignExtension} {
		sig, ok := sigs[ext]
		if !ok {
			continue
		}
		if signed, err = r.Verify(file, sig, ext, now); err != nil {
			return Signed{}, err
		}
	}
	return signed, nil
}
