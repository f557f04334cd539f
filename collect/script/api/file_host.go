package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"virgo/collect/script"
)

var (
	errManyEntries = errors.New("the folder has too many entries")
	errNotRegular  = errors.New("not a regular file")
)

// hostFiles are those of this host.
type hostFiles struct{}

func (hostFiles) Resolve(ctx context.Context, path string) (string, error) {
	return within(ctx, func() (string, error) { return filepath.EvalSymlinks(path) })
}

func (hostFiles) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := within(ctx, func() (*os.File, error) { return openRegular(path) })
	if err != nil {
		return nil, err
	}
	return f, nil
}

// checkRegular closes a file that is no regular one.
func checkRegular(f *os.File) (*os.File, error) {
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: f.Name(), Err: errNotRegular}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (hostFiles) Stat(ctx context.Context, path string) (script.FileInfo, error) {
	return within(ctx, func() (script.FileInfo, error) {
		info, err := statAt(path)
		if err != nil {
			return info, err
		}
		info.Owner = ownerOf(info)
		return info, nil
	})
}

// Entries leaves out what is removed meanwhile.
func (hostFiles) Entries(ctx context.Context, path string, most int) ([]script.FileInfo, error) {
	return within(ctx, func() ([]script.FileInfo, error) {
		d, err := openFolder(path)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		var all []script.FileInfo
		for {
			const step = 512
			names, err := d.Readdirnames(step)
			for _, name := range names {
				if len(all) >= most {
					return nil, fmt.Errorf("%s: %w", path, errManyEntries)
				}
				if info, err := statIn(d, name); err == nil {
					all = append(all, info)
				}
			}
			if err == io.EOF {
				return all, nil
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, err
			}
		}
	})
}

func (hostFiles) Readlink(ctx context.Context, path string) (string, error) {
	return within(ctx, func() (string, error) { return readlinkAt(path) })
}

func (hostFiles) Space(ctx context.Context, path string) (script.Space, error) {
	return within(ctx, func() (script.Space, error) { return spaceOf(path) })
}
