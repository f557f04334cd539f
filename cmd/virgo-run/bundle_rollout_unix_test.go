//go:build unix

package main

import (
	"os"
	"testing"
)

// A host takes what the endpoint's owner offers it, when it is offered, and nothing that its own owner's keys have not signed:
// also from an endpoint that was taken over.
func TestBundleRollout(t *testing.T) {
	s := newBundleStory(t)
	s.publish("1.0.0", "")
	s.run("virgo: bundle mine 1.0.0 installed", `unknown check type "script.hello"`)

	// Not for this host, not for its tags, not now.
	s.publish("1.1.0", "", "--percent", "0")
	s.run("", "hello 1.0.0", "--all")
	s.out("virgo-endpoint", "agents", "tag", "web-1", "+canary")
	s.out("virgo-endpoint", "bundle", "percent", "100", "--tag", "other")
	s.run("", "hello 1.0.0", "--all")
	s.out("virgo-endpoint", "bundle", "percent", "100", "--tag", "canary")
	s.out("virgo-endpoint", "bundle", "pause")
	s.run("", "hello 1.0.0", "--all")
	s.out("virgo-endpoint", "bundle", "resume")
	s.run("virgo: bundle mine 1.0.0 → 1.1.0, on trial", "hello 1.0.0", "--all")
	s.run("", "hello 1.1.0", "--all")

	// What is withdrawn stays where it is: there is no downgrade.
	s.out("virgo-endpoint", "bundle", "back")
	s.run("", "hello 1.1.0", "--all")

	// The endpoint's owner trusts another key, and the host's does not.
	s.out("virgo", "bundle", "keygen", "--no-password", "-o", s.path("stranger"))
	file := s.path("mine-1.2.0.zip")
	s.out("virgo", "bundle", "build", s.path("src"), "--name", "mine", "--bundle-version", "1.2.0", "-o", file)
	s.out("virgo", "bundle", "sign", file, "--key", s.path("stranger.key"))
	s.out("virgo-endpoint", "bundle", "publish", "--key", s.path("stranger.pub"), file)
	s.run("which is not trusted here", "hello 1.1.0", "--all")
	s.run("", "hello 1.1.0", "--all")
	s.expect("refused 1.2.0: ", "virgo-endpoint", "bundle", "status")

	// The file on the endpoint's disk is another one than was signed.
	s.publish("1.3.0", "")
	path := s.path("endpoint/upgrades/bundle-mine-1.3.0.zip")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s.run("bundle 1.3.0 of the endpoint is not taken", "hello 1.1.0", "--all")
	s.run("", "hello 1.1.0", "--all")
}
