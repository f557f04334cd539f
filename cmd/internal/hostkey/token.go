package hostkey

import (
	"io"
	"path/filepath"

	"virgo/cmd/internal/atomicfile"
)

// TokenFile is the name of the file with the token that virgo setup left.
const TokenFile = "token"

// TokenPath returns the path of the token in the state folder dir.
func TokenPath(dir string) string { return filepath.Join(dir, TokenFile) }

// StoreToken stores a token in the state folder, in place of an earlier one.
func StoreToken(dir, token string) error { return replace(TokenPath(dir), token+"\n") }

// DropToken deletes the token in the state folder, if there is one.
func DropToken(dir string) error { return atomicfile.Remove(TokenPath(dir)) }

// replace writes a file atomically.
func replace(path, text string) error {
	f, err := atomicfile.Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := io.WriteString(f, text); err != nil {
		return err
	}
	return f.Replace()
}
