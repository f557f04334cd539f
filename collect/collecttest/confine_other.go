//go:build !linux

package collecttest

import "errors"

func confine() error { return errors.ErrUnsupported }
