package policy

import (
	"os"
	"path/filepath"
	"strings"

	"virgo/schedule/capability"
)

// maxApproved bounds how many paths a guard keeps for Opened.
const maxApproved = 4096

// File decides on a file or folder and returns its path without links, which is the one to use. A
// path to nothing is decided on as well.
func (g *ScriptGuard) File(path string) (string, error) {
	resolved, err := g.path(capability.Files, path)
	if err != nil {
		return "", err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.approved) >= maxApproved {
		clear(g.approved)
	}
	g.approved[resolved] = true
	return resolved, nil
}

// Unix decides on a Unix socket that is about to be connected to. One in Linux's abstract
// namespace begins with @.
func (g *ScriptGuard) Unix(path string) error {
	if strings.HasPrefix(path, "@") {
		return g.decide(&scriptUse{kind: capability.Unix, text: path, paths: []string{path}, follow: g.follow})
	}
	_, err := g.path(capability.Unix, path)
	return err
}

// follow is followTrusted, once for each pattern: there are many files for few of them.
func (g *ScriptGuard) follow(pattern string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	led, ok := g.followed[pattern]
	if !ok {
		led = followTrusted(pattern)
		g.followed[pattern] = led
	}
	return led
}

// path decides on a path, and returns it without links.
func (g *ScriptGuard) path(kind capability.Kind, path string) (string, error) {
	need := capability.Need{Kind: kind, Pattern: path}
	switch {
	case g.never == nil:
		return "", refuseScript(g.script, need, "")
	case !isAbsolutePath(path) || strings.IndexByte(path, 0) >= 0 || len(path) > maxValueBytes:
		return "", refuseScript(g.script, need, "which is no absolute path")
	case hasOddName(path):
		return "", refuseScript(g.script, need, "which is no path of a file")
	case isSecretProc(cleanPath(path)):
		return "", refuseScript(g.script, need, neverText)
	}
	resolved, err := resolve(path, 0)
	if err != nil {
		if undeclared := g.decide(g.fileUse(kind, path, path)); undeclared != nil {
			return "", undeclared
		}
		return "", err
	}
	if g.never.has(resolved, false) || path != resolved && g.never.has(path, false) {
		return "", refuseScript(g.script, need, neverText)
	}
	return resolved, g.decide(g.fileUse(kind, path, resolved))
}

// Opened decides once more, on the file that was opened: what lies at a path may have been replaced
// since, and a file can have several names.
func (g *ScriptGuard) Opened(f *os.File) error {
	need := capability.Need{Kind: capability.Files, Pattern: f.Name()}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return refuseScript(g.script, need, "which is neither a file nor a folder")
	}
	path, err := openedPath(f)
	if err != nil {
		return err
	}
	if path == "" {
		if path, err = filepath.EvalSymlinks(f.Name()); err != nil {
			return err
		}
		if again, err := os.Lstat(path); err != nil || !os.SameFile(again, info) {
			return refuseScript(g.script, need, "which was replaced meanwhile")
		}
	}
	if g.never == nil || g.never.has(path, true) || isSecretFile(f, path) || g.never.hasCopy(f, info) {
		return refuseScript(g.script, need, neverText)
	}
	g.mu.Lock()
	approved := g.approved[path]
	g.mu.Unlock()
	if approved {
		return nil
	}
	return g.decide(g.fileUse(capability.Files, path, path))
}

// neverText ends the refusal of what no grant opens.
const neverText = "which no script may use"
