// Package peertest is a client of the wire protocol for tests: it sends whatever a test wants, valid
// or not, and reads the endpoint's answers.
package peertest
