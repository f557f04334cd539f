//go:build !linux

package main

// measure runs a program to its end. This system does not report anonymous memory.
func measure(env []string, argv ...string) (sample, error) {
	s, state, err := untraced(env, argv)
	if err == nil {
		s.Peak = maxResident(state)
	}
	return s, err
}
