package api

import (
	"context"
	"fmt"
	"io"

	"virgo/collect/script"
)

// everything allows everything, in a world that has no links.
type everything struct{ allowing }

func (*everything) File(p string) (string, error) { return p, nil }

// manyFiles is a folder with so many files.
type manyFiles int

func (n manyFiles) Entries(_ context.Context, _ string, most int) ([]script.FileInfo, error) {
	if int(n) > most {
		return nil, errManyEntries
	}
	all := make([]script.FileInfo, n)
	for i := range all {
		all[i].Name = fmt.Sprint(i)
	}
	return all, nil
}

func (manyFiles) Resolve(_ context.Context, path string) (string, error) { return path, nil }
func (manyFiles) Open(context.Context, string) (io.ReadCloser, error)    { return nil, errNotRegular }
func (manyFiles) Stat(context.Context, string) (script.FileInfo, error) {
	return script.FileInfo{}, nil
}
func (manyFiles) Readlink(context.Context, string) (string, error)    { return "", errNotRegular }
func (manyFiles) Space(context.Context, string) (script.Space, error) { return script.Space{}, nil }
