package trial

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"virgo/collect/script"
)

// A captured file; nil in a tree: it is known not to exist, nor anything below it.
type file struct {
	text  string
	info  script.FileInfo
	link  string
	space *script.Space
}

// A tree has files by path; folders are there by what is in them.
type tree map[string]*file

// find returns a file or folder. Unknown: whether there is one was not captured.
func (t tree) find(name string) (f *file, known bool) {
	name = path.Clean(name)
	if f, ok := t[name]; ok {
		return f, true
	}
	for other := range t { // what is known not to be in it is in it by its place
		if below(other, name) {
			return &file{info: script.FileInfo{Name: path.Base(name), Mode: fs.ModeDir | 0o755, Owner: "root"}}, true
		}
	}
	for dir := name; dir != "/" && dir != "."; {
		dir = path.Dir(dir)
		if f, ok := t[dir]; ok && (f == nil || f.info.Mode.IsDir()) {
			return nil, true
		}
	}
	for other := range t { // a file of the same folder was captured, so the folder was
		if t[other] != nil && path.Dir(other) == path.Dir(name) {
			return nil, true
		}
	}
	return nil, false
}

// below reports whether a path is in a folder, at any depth.
func below(name, dir string) bool {
	return dir == "/" || strings.HasPrefix(name, dir+"/")
}

type files struct{ *Captured }

// maxLinks bounds how many links one path leads over.
const maxLinks = 40

// Resolve follows the links of the tree, of folders too.
func (f files) Resolve(_ context.Context, name string) (string, error) {
	left := strings.Split(strings.Trim(path.Clean(name), "/"), "/")
	at, links := "/", 0
	for len(left) > 0 {
		next := path.Join(at, left[0])
		left = left[1:]
		found, known := f.files.find(next)
		switch {
		case !known:
			return "", f.missing(fmt.Sprintf("file %q", name))
		case found == nil:
			return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		case found.link != "":
			if links++; links > maxLinks {
				return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
			}
			if target := found.link; path.IsAbs(target) {
				next = target
			} else {
				next = path.Join(at, target)
			}
			left, at = append(strings.Split(strings.Trim(next, "/"), "/"), left...), "/"
			continue
		}
		at = next
	}
	return at, nil
}

func (f files) get(op, name string) (*file, error) {
	if op != "readlink" {
		var err error
		if name, err = f.Resolve(context.Background(), name); err != nil {
			return nil, err
		}
	}
	found, known := f.files.find(name)
	switch {
	case !known:
		return nil, f.missing(fmt.Sprintf("file %q", name))
	case found == nil:
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return found, nil
}

func (f files) Open(_ context.Context, name string) (io.ReadCloser, error) {
	found, err := f.get("open", name)
	if err != nil {
		return nil, err
	}
	if !found.info.Mode.IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return io.NopCloser(strings.NewReader(found.text)), nil
}

func (f files) Stat(_ context.Context, name string) (script.FileInfo, error) {
	found, err := f.get("stat", name)
	if err != nil {
		return script.FileInfo{}, err
	}
	return found.info, nil
}

func (f files) Entries(_ context.Context, dir string, most int) ([]script.FileInfo, error) {
	found, err := f.get("open", dir)
	if err != nil {
		return nil, err
	}
	if !found.info.Mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: dir, Err: fs.ErrInvalid}
	}
	names := map[string]script.FileInfo{}
	for name, entry := range f.files {
		if entry == nil || !below(name, path.Clean(dir)) {
			continue
		}
		rest := strings.TrimPrefix(strings.TrimPrefix(name, path.Clean(dir)), "/")
		first, _, deeper := strings.Cut(rest, "/")
		info := entry.info
		if deeper {
			info = script.FileInfo{Name: first, Mode: fs.ModeDir | 0o755, Owner: "root"}
		}
		if rest != "" {
			names[first] = info
		}
	}
	var all []script.FileInfo
	for _, name := range sortedKeys(names) {
		all = append(all, names[name])
	}
	if len(all) > most {
		return nil, fmt.Errorf("%s: more than %d entries", dir, most)
	}
	return all, nil
}

func (f files) Readlink(_ context.Context, name string) (string, error) {
	found, err := f.get("readlink", name)
	if err != nil {
		return "", err
	}
	if found.link == "" {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return found.link, nil
}

func (f files) Space(_ context.Context, name string) (script.Space, error) {
	for dir := path.Clean(name); ; dir = path.Dir(dir) {
		if found := f.files[dir]; found != nil && found.space != nil {
			return *found.space, nil
		}
		if dir == "/" || dir == "." {
			return script.Space{}, f.missing(fmt.Sprintf("space of %q", name))
		}
	}
}

// parseTree reads a captured tree: a line "-- /path --" before the text of each file, "--
// /path -> target --" for a link, "-- /path/ --" for an empty folder. What stands before the
// first is a comment.
func parseTree(text string) (tree, error) {
	t := tree{}
	var current *file
	for line := range strings.Lines(text) {
		head, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "-- ")
		head, closed := strings.CutSuffix(head, " --")
		if !ok || !closed {
			if current != nil {
				current.text += line
				current.info.Size = int64(len(current.text))
			}
			continue
		}
		name, target, _ := strings.Cut(head, " -> ")
		if !path.IsAbs(name) {
			return nil, fmt.Errorf("%q is not an absolute path", name)
		}
		current = newFile(name)
		current.link = target
		if target != "" {
			current.info.Mode = fs.ModeSymlink | 0o777
		}
		if strings.HasSuffix(name, "/") {
			current.info.Mode = fs.ModeDir | 0o755
		}
		t[path.Clean(name)] = current
	}
	return t, nil
}

func newFile(name string) *file {
	return &file{info: script.FileInfo{Name: path.Base(name), Mode: 0o644, Owner: "root", Modified: time.Unix(0, 0)}}
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
