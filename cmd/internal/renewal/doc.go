// Package renewal fetches, verifies and installs bundles, and undoes one that fails its trial. It
// works in a child process of a run, after the delivery and within the run's time, or for a
// person's `virgo bundle update`.
//
// The data's way: ask the endpoint which version this agent is to have
// (bundle_upgrade.get_version), fetch the signature and then the file over HTTPS on the same port,
// through the same proxy and pin, in ranges that resume over runs; verify, install by package
// installed. An archive of the agent's own programs comes the same way, for `virgo upgrade` and, by
// Follow, for a run with `upgrade: auto`.
//
// What can fail: every step may be cut; what was fetched is kept and the next run goes on, with
// growing waits. The user sees a line when a version comes, goes or is refused. Who could abuse it:
// an endpoint can waste bandwidth, at most a fixed amount a day; it can withhold versions; it
// cannot install what none of the owner's keys has signed.
package renewal
