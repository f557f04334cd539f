//go:build !linux

package worker

import "errors"

func startProgram() (any, error) { return nil, errors.ErrUnsupported }
