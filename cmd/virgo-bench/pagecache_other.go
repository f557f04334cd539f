//go:build !linux

package main

import "errors"

// dropPages drops the pages of a file from the page cache.
func dropPages(string) error { return errors.ErrUnsupported }
