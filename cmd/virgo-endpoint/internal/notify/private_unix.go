//go:build unix

package notify

import (
	"fmt"
	"os"

	"virgo/schedule/shorttext"
)

// A PrivacyError is returned for a secret that other users can read.
type PrivacyError struct {
	Path string
	Mode os.FileMode
}

func (e *PrivacyError) Error() string {
	return fmt.Sprintf("%q has mode %04o: others can read it", e.Path, e.Mode.Perm())
}

// Hint returns the command that corrects it.
func (e *PrivacyError) Hint() string { return "chmod o= " + shorttext.QuoteShell(e.Path) }

// private returns an error if everybody can read a file. A group may: root's secret for the user of a service has
// mode 0640.
func private(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		err = &PrivacyError{path, info.Mode()}
	}
	return err
}
