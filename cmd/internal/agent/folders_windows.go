package agent

import (
	"os"
	"path/filepath"

	"virgo/cmd/internal/config"
	"virgo/schedule/ownership"
)

// ProtectFolder gives %ProgramData%\virgo and what is in it the access list that new folders get. Earlier
// versions left it as %ProgramData% passes it on: everybody could read it and add files. Where that fails,
// what is read from the folder is refused.
func (p *Program) ProtectFolder() {
	_ = ownership.Protect(filepath.Dir(config.DefaultPaths(p.Getenv).Config))
}

// makeState makes the state folder so that nobody else can use it, or protects that of an earlier
// version.
func makeState(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, "virgo.db")); err == nil {
		_ = ownership.Protect(dir) // else the spool's guard refuses it
	}
	return ownership.MkdirAll(dir, 0o700)
}
