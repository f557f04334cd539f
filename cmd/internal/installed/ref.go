package installed

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"virgo/cmd/internal/lines"
	"virgo/schedule/semver"
)

// A Ref names a bundle in the folder. The zero value is none.
type Ref struct {
	Name    string // standard
	Version string // semantic version
	SHA256  string // of the file, hexadecimal
	Bytes   int64
	// Key is the id of the key that signed it, SignedMS when, ms since the epoch; 0: the
	// signature does not say.
	Key      string
	SignedMS int64
	// SinceMS is when it became the current bundle, ms since the epoch.
	SinceMS int64
}

// IsZero reports whether the Ref names no bundle.
func (r Ref) IsZero() bool { return r.SHA256 == "" }

// String returns name and version.
func (r Ref) String() string { return r.Name + " " + r.Version }

// shaDigits is how many digits of the SHA-256 are part of a file's name.
const shaDigits = 12

// file returns the name of the bundle's file in the folder.
func (r Ref) file() string { return r.Version + "-" + r.SHA256[:shaDigits] + bundleEnding }

// valid reports whether the Ref can name a file of the folder and no other.
func (r Ref) valid() bool {
	if _, err := semver.Parse(r.Version); err != nil || len(r.SHA256) != 2*sha256.Size {
		return false
	}
	return strings.Trim(r.SHA256, "0123456789abcdef") == ""
}

// fields names the fields with a prefix.
func (r *Ref) fields(c *lines.Codec, prefix string) {
	lines.Text(c, prefix+"name", &r.Name)
	lines.Text(c, prefix+"version", &r.Version)
	lines.Text(c, prefix+"sha256", &r.SHA256)
	lines.Number(c, prefix+"bytes", &r.Bytes)
	lines.Text(c, prefix+"key", &r.Key)
	lines.Number(c, prefix+"signed_ms", &r.SignedMS)
	lines.Number(c, prefix+"since_ms", &r.SinceMS)
}

// A Refusal is a bundle that is not taken again.
type Refusal struct {
	Version, SHA256 string
	Reason          string
	AtMS            int64 // ms since the epoch
	// UntilMS is when it may be tried again; 0: never by itself.
	UntilMS int64
	// Keys is the [KeysHash] of the settings whose keys are the reason; empty: other keys would change nothing.
	Keys string
}

// isOf reports whether a refusal is of a bundle: by its content, or by its version where one of the
// contents is not known.
func (r Refusal) isOf(b Ref) bool {
	if r.SHA256 != "" && r.SHA256 == b.SHA256 {
		return true
	}
	return r.Version == b.Version && (r.SHA256 == "" || b.SHA256 == "")
}

// text returns the stored form: the reason, which may have blanks, is last.
func (r Refusal) text() string {
	return fmt.Sprintf("%d %d %s %s %s", r.AtMS, r.UntilMS, r.Version, r.SHA256, r.Reason)
}

// keysText returns the stored form of Keys: the version says of which refusal, and the SHA-256, which may be empty, is last.
func (r Refusal) keysText() string { return r.Keys + " " + r.Version + " " + r.SHA256 }

// setKeys sets Keys of the refusal that a stored text is about.
func setKeys(all []Refusal, text string) {
	words := strings.SplitN(text, " ", 3)
	if len(words) != 3 {
		return
	}
	for n := range all {
		if all[n].Version == words[1] && all[n].SHA256 == words[2] {
			all[n].Keys = words[0]
		}
	}
}

func parseRefusal(text string) (r Refusal, ok bool) {
	words := strings.SplitN(text, " ", 5)
	if len(words) != 5 {
		return r, false
	}
	at, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return r, false
	}
	until, err := strconv.ParseInt(words[1], 10, 64)
	if err != nil {
		return r, false
	}
	return Refusal{AtMS: at, UntilMS: until, Version: words[2], SHA256: words[3], Reason: words[4]}, true
}

// path returns the path of a file in the folder.
func (f *Folder) path(name string) string { return filepath.Join(f.Dir, name) }

// Path returns the path of a file in the folder that "installed" does not name: of a download.
func (l *Locked) Path(name string) string { return l.path(name) }
