//go:build !linux

package main

import "errors"

// A groupParent is a control group of Linux.
type groupParent struct{}

func findGroupParent() (groupParent, error) {
	return groupParent{}, errors.New("only Linux has control groups")
}

func (groupParent) charged(env, argv []string) (sample, error) {
	return sample{}, errors.ErrUnsupported
}
