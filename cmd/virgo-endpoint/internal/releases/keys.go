package releases

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/schedule/signature"
)

const (
	keysDir   = "keys"
	keyEnding = ".pub"
	maxKeys   = 64
)

// Keys returns the keys whose signatures are accepted. Each is a file in the folder keys, as agents
// have it in their settings: the key, and behind it "until 2027-06-30" or "revoked".
func (s *Store) Keys() (signature.Ring, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, keysDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ring signature.Ring
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), keyEnding) || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if len(ring) == maxKeys {
			return nil, fmt.Errorf("there are more than %d keys in %q", maxKeys, filepath.Join(s.dir, keysDir))
		}
		path := filepath.Join(s.dir, keysDir, e.Name())
		text, err := readBounded(path, signature.MaxKeyBytes)
		if err != nil {
			return nil, err
		}
		key, err := signature.ParseKey(string(text))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		ring = append(ring, key)
	}
	return ring, nil
}

// addKey keeps a key.
func (s *Store) addKey(key signature.Key) error {
	if err := s.makeFolder(keysDir); err != nil {
		return err
	}
	name := strings.ReplaceAll(key.ID, ":", "-") + keyEnding
	return folder.WriteFile(filepath.Join(s.dir, keysDir, name), []byte(key.String()+"\n"), fileMode)
}

// makeFolder makes the folder, or one in it.
func (s *Store) makeFolder(name string) error {
	for _, dir := range []string{s.dir, filepath.Join(s.dir, name)} {
		if err := folder.MakeOwned(dir); err != nil {
			return err
		}
	}
	return nil
}

// readBounded reads a file of at most so many bytes.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%q is larger than %d bytes", path, most)
	}
	return data, err
}
